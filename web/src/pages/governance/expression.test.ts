import { expect, test } from "vitest";
import { EMPTY_GROUP, type Expression, expressionOf, groupOf, isWhole, wordsOf } from "./expression";
import { nameOf, shortReference } from "./governance";

const NESTED: Expression = {
  operator: "AND",
  operands: [{ label: "C1" }, { operator: "OR", operands: [{ label: "I1" }, { label: "S1" }] }],
};

test("an expression is edited as groups and comes back as it was", () => {
  expect(groupOf(NESTED)).toEqual({ operator: "AND", operands: ["C1", { operator: "OR", operands: ["I1", "S1"] }] });
  expect(expressionOf(groupOf(NESTED))).toEqual(NESTED);
  expect(expressionOf(groupOf({ label: "C1" }))).toEqual({ label: "C1" });
});

test("what is not chosen is left out, and a group of one is that one", () => {
  expect(expressionOf({ operator: "OR", operands: ["", { operator: "AND", operands: ["C2", ""] }] })).toEqual({
    label: "C2",
  });
  expect(expressionOf(EMPTY_GROUP)).toBeNull();
  expect(isWhole(EMPTY_GROUP)).toBe(false);
  expect(isWhole({ operator: "AND", operands: [] })).toBe(false);
  expect(isWhole(groupOf(NESTED))).toBe(true);
});

test("an expression is told in words", () => {
  expect(wordsOf(NESTED, (operator) => operator.toLowerCase())).toBe("C1 and (I1 or S1)");
});

test("marketing actions are named by the end of their addresses", () => {
  expect(shortReference("/data/foundation/dulepolicy/marketingActions/custom/offers")).toBe("custom/offers");
  expect(nameOf("custom/offers")).toBe("offers");
});
