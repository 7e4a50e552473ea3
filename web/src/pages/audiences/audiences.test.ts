import { expect, test } from "vitest";
import { typeOf } from "./audiences";

test("the name of a list tells its format", () => {
  expect(["a.csv", "a.JSON", "a.jsonl", "a.txt"].map(typeOf)).toEqual([
    "text/csv",
    "application/json",
    "application/jsonl",
    "text/csv",
  ]);
});
