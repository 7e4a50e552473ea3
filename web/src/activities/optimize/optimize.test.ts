import { expect, test } from "vitest";
import { checkOptimize, ofType, optimize } from "./optimize";

const node = optimize.create();

test("a new one is a complete experiment of two halves", () => {
  expect(checkOptimize(node)).toEqual({});
});

test("the hold-out counts", () => {
  expect(checkOptimize({ ...node, holdout: 10 })).toEqual({ paths: "activities.problem.shares" });
});

test("as targeting its paths have rules, and back again shares", () => {
  const targeting = ofType({ ...node, holdout: 10 }, "targeting");
  expect(targeting.paths).toEqual([
    { id: "a", expression: "" },
    { id: "b", expression: "" },
  ]);
  expect("holdout" in targeting).toBe(false);
  expect(Object.keys(checkOptimize(targeting))).toEqual(["a", "b"]);
  expect(ofType(targeting, "experiment").paths).toEqual(node.paths);
});
