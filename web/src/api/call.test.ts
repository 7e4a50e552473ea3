import { expect, test } from "vitest";
import { withQuery } from "./call";

test("a query leaves out what is empty and repeats lists", () => {
  expect(withQuery("/a", { q: "", n: 0, none: undefined, list: ["x", "y z"] })).toBe("/a?n=0&list=x&list=y+z");
  expect(withQuery("/a", {})).toBe("/a");
  expect(withQuery("/a?b=1", { c: true })).toBe("/a?b=1&c=true");
});
