import { expect, test } from "vitest";
import { pathOf, schemaFields } from "./schemaFields";

const schema = {
  properties: {
    _acme: {
      type: "object",
      properties: {
        tier: { type: "string", title: "Tier", enum: ["gold", "silver"] },
        points: { type: "integer" },
        since: { type: "string", format: "date" },
        seen: { type: "string", format: "date-time" },
        "a/b~c": { type: "number" },
      },
    },
    tags: { type: "array", items: { type: "string" } },
    lines: { type: "array", items: { type: "object", properties: { price: { type: "number" } } } },
    identityMap: { type: "object", additionalProperties: { type: "array" } },
  },
};

test("fields by path with pointer and type", () => {
  const found = Object.fromEntries(schemaFields(schema).map((field) => [field.pointer, field.type]));
  expect(found).toEqual({
    "/_acme": "object",
    "/_acme/tier": "string",
    "/_acme/points": "integer",
    "/_acme/since": "dateOnly",
    "/_acme/seen": "dateTime",
    "/_acme/a~1b~0c": "decimal",
    "/tags": "listString",
    "/lines": "listObject",
    "/lines/price": "listDecimal",
    "/identityMap": "map",
  });
});

test("titles and enumerations are kept", () => {
  expect(schemaFields(schema).find((field) => field.pointer === "/_acme/tier")).toMatchObject({
    title: "Tier",
    enum: ["gold", "silver"],
  });
});

test("a pointer as a path", () => {
  expect(pathOf("/_acme/a~1b~0c")).toBe("_acme.a/b~c");
});

test("what is no schema has no fields", () => {
  expect(schemaFields(null)).toEqual([]);
});
