import { describe, expect, it } from "vitest";
import { fieldsOf } from "@/pages/schemas/fields";
import { shareOf, withField } from "./chosenFields";
import { documentOf, draftOf, duplicateOf, NOBODY } from "./eventDraft";
import type { EventConfiguration } from "./events";

const EVENT = {
  uid: "1",
  name: "OrderPlaced",
  type: "unitary",
  idType: "ruleBased",
  eventID: null,
  schemaRef: { id: "https://ns/orders" },
  fields: ["/total"],
  idCondition: "@event{OrderPlaced.total} > 5",
  namespace: "Email",
  profileIdentifier: "@event{OrderPlaced.person.email}",
  maxAgeSeconds: 60,
  usedIn: 0,
} satisfies EventConfiguration;

const FIELDS = fieldsOf({
  properties: {
    total: { type: "number" },
    order: { properties: { id: { type: "string" }, lines: { type: "array", items: { properties: { sku: {} } } } } },
    ordered: { type: "boolean" },
  },
});
const named = (name: string) => {
  const field = FIELDS.find((one) => one.name === name);
  if (field === undefined) throw new Error(name);
  return field;
};

describe("the draft of an event", () => {
  it("writes what was read, and keeps what it doesn't show", () => {
    const document = documentOf(draftOf(EVENT), { ...EVENT, datasetId: "d" });
    expect(document).toEqual({ ...EVENT, description: "", datasetId: "d" });
  });

  it("leaves to the server what a new event doesn't say", () => {
    const document = documentOf({ ...draftOf(), name: "A", schemaId: "s" });
    expect(document).not.toHaveProperty("namespace");
    expect(document).not.toHaveProperty("profileIdentifier");
    expect(document.idCondition).toBeNull();
  });

  it("names where rows of related schemas are, until another schema is chosen", () => {
    const before = { ...EVENT, related: [{ property: "/sku", datasetId: "d" }] };
    expect(documentOf(draftOf(before), before).related).toEqual(before.related);
    expect(documentOf({ ...draftOf(before), related: [] }, before)).not.toHaveProperty("related");
  });

  it("says that an event is about nobody", () => {
    expect(documentOf({ ...draftOf(EVENT), namespace: NOBODY }).namespace).toBeNull();
  });

  it("gives a business event no person", () => {
    const document = documentOf({ ...draftOf(EVENT), type: "business", idType: "systemGenerated" }, EVENT);
    expect(document.idType).toBe("ruleBased");
    expect(document).not.toHaveProperty("namespace");
  });

  it("renames the event in the expressions of a duplicate", () => {
    const copy = duplicateOf(EVENT);
    expect(copy.name).toBe("OrderPlacedCopy");
    expect(copy.profileIdentifier).toBe("@event{OrderPlacedCopy.person.email}");
  });
});

describe("the chosen fields", () => {
  it("takes an object with everything in it, and no field whose name begins alike", () => {
    const chosen = withField(FIELDS, [], named("order"), true);
    expect(chosen).toEqual(["/order/id", "/order/lines/sku"]);
    expect(shareOf(FIELDS, chosen, named("order"))).toBe("all");
    expect(shareOf(FIELDS, chosen, named("ordered"))).toBe("none");
  });

  it("leaves out one value of an object that was chosen whole", () => {
    const chosen = withField(FIELDS, ["/total", "/order"], named("id"), false);
    expect(chosen).toEqual(["/total", "/order/lines/sku"]);
    expect(shareOf(FIELDS, chosen, named("order"))).toBe("some");
  });

  it("adds to an object that was chosen whole nothing", () => {
    expect(withField(FIELDS, ["/order"], named("id"), true)).toEqual(["/order"]);
  });
});
