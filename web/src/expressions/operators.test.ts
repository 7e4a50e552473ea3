import fc from "fast-check";
import { expect, test } from "vitest";
import { newRow, numberText, operatorsOf, operatorsOfRow, valueTypeOf, withOperator } from "./operators";
import { rowText, toRows } from "./rows";
import type { ExpressionType, ScopeField } from "./scope";

const TODAY = "2026-01-31";
const TYPES: ExpressionType[] = [
  "string",
  "integer",
  "decimal",
  "number",
  "boolean",
  "dateOnly",
  "dateTimeOnly",
  "dateTime",
  "duration",
  "listString",
  "listInteger",
  "listDecimal",
  "listDateTime",
  "listObject",
  "map",
  "any",
];
const field = (type: ExpressionType, choices: unknown[] | null = null): ScopeField => ({
  path: "x",
  expression: "@event{Order.x}",
  type,
  title: "X",
  enum: choices,
  isCollection: type.startsWith("list"),
});

test.each(TYPES)("a new row over %s is complete, and the builder shows it again", (type) => {
  const row = newRow(field(type), TODAY);
  expect(toRows(rowText(row))?.items).toEqual([row]);
});

test.each(TYPES)("every operator of %s makes a row that the builder shows again", (type) => {
  for (const operator of operatorsOf(type)) {
    const row = withOperator(newRow(field(type), TODAY), operator, field(type), TODAY);
    expect(row.value.type).toBe(valueTypeOf(operator, type));
    expect(toRows(rowText(row))?.items).toEqual([row]);
  }
});

test("texts and days have no order, instants no equality", () => {
  expect(operatorsOf("string")).not.toContain("less");
  expect(operatorsOf("dateOnly")).not.toContain("less");
  expect(operatorsOf("dateTime")).not.toContain("equal");
});

test("a row keeps an operator that its field doesn't offer", () => {
  const row = { ...newRow(field("string"), TODAY), operator: "less" as const };
  expect(operatorsOfRow(row, field("string"))[0]).toBe("less");
});

test("a value stays where the next operator can have it", () => {
  const text = {
    kind: "row" as const,
    field: "@event{Order.x}",
    operator: "equal" as const,
    value: { type: "text" as const, text: "a" },
  };
  expect(withOperator(text, "in", field("string"), TODAY).value).toEqual({ type: "texts", texts: ["a"] });
  expect(withOperator({ ...text, ignoreCase: true }, "contain", field("string"), TODAY).ignoreCase).toBe(true);
  expect(withOperator({ ...text, ignoreCase: true }, "in", field("string"), TODAY).ignoreCase).toBeUndefined();
});

test("an enumeration begins with its first value", () => {
  expect(newRow(field("string", ["gold", "silver"]), TODAY).value).toEqual({ type: "text", text: "gold" });
});

test("numbers are written without exponents, decimals with a point", () => {
  expect(numberText(1, "decimal")).toBe("1.0");
  expect(numberText(1e21, "integer")).toBe("1000000000000000000000");
  expect(numberText(1e-7, "decimal")).toBe("0.0000001");
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), (value) => {
      expect(numberText(value, "decimal")).toMatch(/^-?\d+\.\d+$/);
    }),
  );
});
