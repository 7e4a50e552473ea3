import { expect, test } from "vitest";
import type { SchemaField } from "@/activities/schemaFields";
import { eventsOf, formFields, readObject, readValues } from "./eventForm";

const field = (pointer: string, type: SchemaField["type"], choices: unknown[] | null = null): SchemaField => ({
  pointer,
  path: pointer.slice(1).replaceAll("/", "."),
  expression: "",
  type,
  title: pointer,
  enum: choices,
  isCollection: type.startsWith("list"),
});
const FIELDS = [
  field("/_id", "string"),
  field("/order", "object"),
  field("/order/total", "decimal"),
  field("/order/kind", "string", ["shop", "web"]),
  field("/order/gift", "boolean"),
  field("/order/items", "listObject"),
  field("/order/items/sku", "string"),
  field("/orderly", "string"),
];

test("a form asks for single values at or below the selected fields, and not for what the server writes", () => {
  expect(formFields(FIELDS, ["/_id", "/order"]).map((one) => one.pointer)).toEqual([
    "/order/total",
    "/order/kind",
    "/order/gift",
  ]);
});

test("values are sent in the type of their field, blanks are left out, and no number stays as it is", () => {
  expect(readValues(FIELDS, { "/order/total": "4.5", "/order/gift": "false", "/order/kind": " " })).toEqual({
    "/order/total": 4.5,
    "/order/gift": false,
  });
  expect(readValues(FIELDS, { "/order/total": "many" })).toEqual({ "/order/total": "many" });
});

test("each event of a journey is told once", () => {
  const nodes = {
    a: { type: "event" as const, eventUid: "e1" },
    b: { type: "wait" as const },
    c: { type: "event" as const, eventUid: "e1" },
    d: { type: "event" as const, eventUid: "e2" },
  };
  expect(eventsOf({ name: "", entry: { node: "a" }, nodes })).toEqual(["e1", "e2"]);
});

test("only an object in JSON is one", () => {
  expect([readObject('{"a": 1}'), readObject("[1]"), readObject("{"), readObject("null")]).toEqual([
    { a: 1 },
    null,
    null,
    null,
  ]);
});
