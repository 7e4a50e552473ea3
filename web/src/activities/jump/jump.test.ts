import { expect, test } from "vitest";
import { jump, rowsOf, toParameters } from "./jump";

const node = {
  ...jump.create(),
  parameters: [{ paramPath: "/a", expression: "1", label: "A" }],
};

test("what is given to the target becomes rows and the same member again", () => {
  expect(rowsOf(node)).toEqual([{ pointer: "/a", expression: "1" }]);
  expect(toParameters(node, rowsOf(node))).toEqual(node.parameters);
});

test("a row that is added or changed leaves the label of another one alone", () => {
  const rows = [
    { pointer: "/b", expression: "2" },
    { pointer: "/a", expression: "3" },
  ];
  expect(toParameters(node, rows)).toEqual([
    { paramPath: "/b", expression: "2" },
    { paramPath: "/a", expression: "3", label: "A" },
  ]);
  expect(toParameters(node, [])).toBeUndefined();
});
