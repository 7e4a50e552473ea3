import { expect, test } from "vitest";
import type { JourneyNode } from "@/flow/document";
import { pathsOf } from "../ways";
import { CONDITION_TYPES, checkCondition, condition, ofType, waysOf } from "./condition";

const TODAY = "2026-01-31";
const t = (id: string) => id;
const node: JourneyNode = {
  type: "condition",
  paths: [
    { id: "a", label: "A", expression: "true" },
    { id: "b", expression: "false" },
    { id: "c", expression: "1 > 2" },
  ],
  otherPath: true,
};

test("of another type, paths keep ids and labels and have what that type has alone", () => {
  const split = ofType(node, "split", TODAY);
  expect(split.paths).toEqual([
    { id: "a", label: "A", percentage: 34 },
    { id: "b", percentage: 33 },
    { id: "c", percentage: 33 },
  ]);
  expect("otherPath" in split).toBe(false);
  expect(ofType(node, "date", TODAY).paths).toContainEqual({ id: "a", label: "A", from: TODAY });
});

test("a profile cap has two paths and a limit, which no other type has", () => {
  const cap = ofType(node, "profileCap", TODAY);
  expect(pathsOf(cap).map((path) => path.id)).toEqual(["a", "b"]);
  expect(cap.limit).toBe(1_000);
  expect("limit" in ofType(cap, "time", TODAY)).toBe(false);
  expect(pathsOf(ofType(condition.create(), "profileCap", TODAY))).toHaveLength(2);
});

test("changing to a type is complete as it stands, but for expressions", () => {
  for (const type of CONDITION_TYPES) {
    const problems = checkCondition(ofType(condition.create(), type, TODAY));
    expect(Object.keys(problems)).toEqual(type === "dataSource" ? ["path1"] : []);
  }
});

test.each([
  [{ conditionType: "split", paths: [{ id: "a", percentage: 60 }] }, { paths: "activities.problem.shares" }],
  [{ conditionType: "profileCap", paths: [{ id: "a" }] }, { paths: "activities.problem.twoPaths" }],
  [{ conditionType: "date", paths: [{ id: "a" }] }, { a: "activities.problem.noDate" }],
  [
    { conditionType: "date", paths: [{ id: "a", from: "2026-02-01", to: "2026-01-01" }] },
    { a: "activities.problem.endBeforeStart" },
  ],
  [
    { conditionType: "time", paths: [{ id: "a", hours: { from: "09:00", to: "09:00" } }] },
    { a: "activities.problem.emptyHours" },
  ],
  [{ conditionType: "time", paths: [{ id: "a", hours: { from: "22:00", to: "06:00" } }] }, {}],
])("%o", (members, problems) => {
  expect(checkCondition({ type: "condition", ...members })).toEqual(problems);
});

test("a split has no way for others", () => {
  expect(waysOf(node, t).map((way) => way.kind)).toEqual(["path", "path", "path", "other", "error"]);
  expect(waysOf({ ...node, conditionType: "split" }, t).map((way) => way.kind)).toEqual([
    "path",
    "path",
    "path",
    "error",
  ]);
});
