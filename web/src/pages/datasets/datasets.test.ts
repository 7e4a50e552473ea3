import { expect, test } from "vitest";
import { cellOf, columnsOf, isLong, isOneLine, wholeOf } from "./datasets";

test("columns are what any of the rows has, in the order of first sight", () => {
  expect(columnsOf([{ b: 1, a: 2 }, { a: 1, c: null }, {}])).toEqual(["b", "a", "c"]);
  expect(columnsOf([])).toEqual([]);
});

test("a cell shows nested values as JSON and nothing for what is not there", () => {
  expect([undefined, null, 5, false, "x", { a: [1] }].map(cellOf)).toEqual(["", "", "5", "false", "x", '{"a":[1]}']);
});

test("a value of more than a few lines is long, and whole it is an object in lines", () => {
  expect(["short", { a: 1 }, null, "x".repeat(61), { text: "x".repeat(60) }].map(isLong)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(["2026-11-29T00:55:22.000Z", 5, { a: 1 }, "x".repeat(31)].map(isOneLine)).toEqual([true, true, false, false]);
  expect(wholeOf({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(wholeOf("x")).toBe("x");
});
