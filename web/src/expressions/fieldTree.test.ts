import { expect, test } from "vitest";
import { isPickable, linesOf, toTree } from "./fieldTree";
import type { ScopeField, ScopeRoot } from "./scope";

const field = (path: string, title = path): ScopeField => ({
  path,
  expression: `@event{Order.${path}}`,
  type: path === "commerce" ? "object" : "string",
  title,
  enum: null,
  isCollection: false,
});
const root: ScopeRoot = {
  reference: "@event{Order",
  kind: "event",
  title: "Orders",
  fields: [
    field("_id", "Id"),
    field("commerce"),
    field("commerce.order.price", "Price"),
    field("commerce.order.state"),
  ],
};
const tree = toTree([root]);
const names = (open: string[], search = "") =>
  linesOf(tree, new Set(open), search).map((line) => `${"-".repeat(line.level)}${line.node.name}`);

test("steps between fields are there though the scope doesn't tell them", () => {
  expect(names(["@event{Order", "@event{Order.commerce", "@event{Order.commerce.order"])).toEqual([
    "-Order",
    "--_id",
    "--commerce",
    "---order",
    "----price",
    "----state",
  ]);
});

test("what is closed is not drawn", () => {
  expect(names([])).toEqual(["-Order"]);
  expect(names(["@event{Order"])).toEqual(["-Order", "--_id", "--commerce"]);
});

test("a search finds names and titles, over several steps, and opens what they hang on", () => {
  expect(names([], "price")).toEqual(["-Order", "--commerce", "---order", "----price"]);
  expect(names([], "order state")).toEqual(["-Order", "--commerce", "---order", "----state"]);
  expect(names([], "nothing")).toEqual([]);
});

test("an object can't be picked", () => {
  const lines = linesOf(tree, new Set(["@event{Order"]), "");
  expect(lines.map((line) => isPickable(line.node))).toEqual([false, true, false]);
});

test("a line tells its place among its siblings", () => {
  const [, id, commerce] = linesOf(tree, new Set(["@event{Order"]), "");
  expect([id?.place, id?.siblings, commerce?.place]).toEqual([1, 2, 2]);
});
