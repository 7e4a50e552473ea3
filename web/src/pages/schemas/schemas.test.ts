import { expect, test } from "vitest";
import { fieldGroupOf, type NewField, pathFaults } from "./compose";
import { fieldsOf, shownFields } from "./fields";

const field = (id: number, path: string, rest: Partial<NewField> = {}): NewField => ({
  id,
  path,
  title: "",
  type: "string",
  isList: false,
  isRequired: false,
  choices: "",
  ...rest,
});

const SCHEMA = {
  required: ["id"],
  properties: {
    id: { type: "string", title: "Id" },
    orders: { type: "array", items: { type: "object", properties: { "a/b": { type: "integer" } } } },
    tier: { type: "string", enum: ["gold", "silver"] },
  },
};

test("fields tell their path, pointer, type and whether they are required", () => {
  const fields = fieldsOf(SCHEMA);
  expect(fields.map((one) => [one.path, one.pointer, one.type, one.isRequired])).toEqual([
    ["id", "/id", "string", true],
    ["orders", "/orders", "object[]", false],
    ["orders.a/b", "/orders/a~1b", "integer", false],
    ["tier", "/tier", "string", false],
  ]);
  expect(fields[3]?.choices).toEqual(["gold", "silver"]);
});

test("what is closed hides its fields, a search opens the way to what it finds", () => {
  const fields = fieldsOf(SCHEMA);
  expect(shownFields(fields, new Set(), "").map((one) => one.path)).toEqual(["id", "orders", "tier"]);
  expect(shownFields(fields, new Set(["orders"]), "")).toHaveLength(4);
  expect(shownFields(fields, new Set(), "a/b").map((one) => one.path)).toEqual(["orders", "orders.a/b"]);
});

test("dots make objects below the tenant's name", () => {
  const made = fieldGroupOf("acme", "Loyalty", "https://class", [
    field(1, "card.tier", { isRequired: true, choices: "gold, silver" }),
    field(2, "card.since", { type: "date" }),
    field(3, "tags", { isList: true, title: "Tags" }),
  ]);
  expect(made).toMatchObject({
    "meta:intendedToExtend": ["https://class"],
    definitions: {
      fields: {
        properties: {
          _acme: {
            properties: {
              card: {
                required: ["tier"],
                properties: { tier: { enum: ["gold", "silver"] }, since: { type: "string", format: "date" } },
              },
              tags: { type: "array", title: "Tags", items: { type: "string" } },
            },
          },
        },
      },
    },
  });
});

test("paths that can't be are told", () => {
  const faults = pathFaults([field(1, "a"), field(2, "a.b"), field(3, "a"), field(4, "1x"), field(5, "")]);
  expect([...faults]).toEqual([
    [2, "inside"],
    [3, "twice"],
    [4, "name"],
    [5, "name"],
  ]);
});
