import { expect, test } from "vitest";
import { cellOf, columnsOf } from "./datasets";

test("columns are what any of the rows has, in the order of first sight", () => {
  expect(columnsOf([{ b: 1, a: 2 }, { a: 1, c: null }, {}])).toEqual(["b", "a", "c"]);
  expect(columnsOf([])).toEqual([]);
});

test("a cell shows nested values as JSON and nothing for what is not there", () => {
  expect([undefined, null, 5, false, "x", { a: [1] }].map(cellOf)).toEqual(["", "", "5", "false", "x", '{"a":[1]}']);
});
