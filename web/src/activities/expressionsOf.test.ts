import { expect, test } from "vitest";
import type { ScopeRoot } from "@/expressions/scope";
import type { JourneyNode } from "@/flow/document";
import { expressionsOf, groupsOf, toDynamicValues } from "./expressionsOf";

const weather: ScopeRoot = {
  reference: "#{Weather.current",
  kind: "dataSource",
  title: "Weather.current",
  fields: [],
  dynamicValues: ["city", "unit"],
};
const node: JourneyNode = {
  type: "condition",
  paths: [{ id: "a", expression: "#{Weather.current.temperature} > 25" }, { id: "b" }],
  dynamicValues: [{ dataSource: "Weather", fieldGroup: "current", values: [{ name: "city", expression: "'Paris'" }] }],
};

test("expressions are found wherever an activity has them", () => {
  expect(expressionsOf(node)).toEqual(["#{Weather.current.temperature} > 25"]);
  expect(
    expressionsOf({ type: "customAction", path: "'/a'", parameters: [{ paramPath: "/x", expression: "1" }] }),
  ).toEqual(["'/a'", "1"]);
  expect(expressionsOf({ type: "updateProfile", updates: [{ path: "/a", expression: "2" }] })).toEqual(["2"]);
});

test("each group that is read has its values, given or not", () => {
  expect(groupsOf(node, [weather])).toEqual([
    {
      source: "Weather",
      group: "current",
      values: [
        { name: "city", expression: "'Paris'" },
        { name: "unit", expression: "" },
      ],
    },
  ]);
  expect(groupsOf({ type: "wait" }, [weather])).toEqual([]);
});

test("values of a group that nothing reads any more stay to be seen", () => {
  expect(groupsOf({ ...node, paths: [] }, [])).toHaveLength(1);
});

test("what is empty is left out of the document", () => {
  expect(toDynamicValues(groupsOf(node, [weather]))).toEqual(node.dynamicValues);
  expect(toDynamicValues([{ source: "A", group: "b", values: [{ name: "c", expression: "" }] }])).toBeUndefined();
});
