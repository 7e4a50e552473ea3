import { expect, test } from "vitest";
import { callAt, parametersOf } from "./signature";

/** The call around `|`. */
function at(marked: string) {
  return callAt(marked.replace("|", ""), marked.indexOf("|"));
}

test.each([
  ["contain(|", { name: "contain", argument: 0 }],
  ["contain(@event{A.x}, |", { name: "contain", argument: 1 }],
  ["contain(@event{A.x, defaultValue: 1}, '|'", { name: "contain", argument: 1 }],
  ["limit([1, 2, 3], |)", { name: "limit", argument: 1 }],
  ["limit([1, 2|, 3], 1)", { name: "limit", argument: 0 }],
  ["sum(avg(1, 2), |", { name: "sum", argument: 1 }],
  ["contain('a,b', |", { name: "contain", argument: 1 }],
])("%s", (marked, expected) => {
  expect(at(marked)).toEqual(expected);
});

test.each(["|", "now()|", "(1 + |)", "1 + 2|"])("%s is in no call", (marked) => {
  expect(at(marked)).toBeNull();
});

test("a signature's parameters", () => {
  expect(parametersOf("limit(list, integer, boolean?) : same")).toEqual(["list", "integer", "boolean?"]);
  expect(parametersOf("now() : dateTime")).toEqual([]);
});
