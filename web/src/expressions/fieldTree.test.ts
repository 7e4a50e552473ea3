import { expect, test } from "vitest";
import { type FieldNode, filterTree, findNode, isPickable, openable, toTree } from "./fieldTree";
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
const drawn = (nodes: readonly FieldNode[], level = 1): string[] =>
  nodes.flatMap((node) => [`${"-".repeat(level)}${node.name}`, ...drawn(node.children, level + 1)]);

test("steps between fields are there though the scope doesn't tell them", () => {
  expect(drawn(tree)).toEqual(["-Order", "--_id", "--commerce", "---order", "----price", "----state"]);
});

test("a search finds names and titles, over several steps, with what they hang on", () => {
  expect(drawn(filterTree(tree, "PRICE"))).toEqual(["-Order", "--commerce", "---order", "----price"]);
  expect(drawn(filterTree(tree, "order state"))).toEqual(["-Order", "--commerce", "---order", "----state"]);
  expect(filterTree(tree, "nothing")).toEqual([]);
});

test("what a place doesn't accept is left out, and so is what holds nothing else", () => {
  expect(drawn(filterTree(tree, "", (node) => node.name === "_id"))).toEqual(["-Order", "--_id"]);
});

test("a root of which nothing is known stays", () => {
  const open = toTree([{ ...root, fields: [], isOpen: true }]);
  expect(drawn(filterTree(open, ""))).toEqual(["-Order"]);
});

test("an object can't be picked", () => {
  expect(isPickable(findNode(tree, "@event{Order.commerce") ?? (tree[0] as FieldNode))).toBe(false);
  expect(isPickable(findNode(tree, "@event{Order._id") as FieldNode)).toBe(true);
});

test("what has something below it can be opened", () => {
  expect(openable(tree)).toEqual(["@event{Order", "@event{Order.commerce", "@event{Order.commerce.order"]);
});
