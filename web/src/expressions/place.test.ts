import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { placeKey } from "./place";

const document: JourneyDocument = {
  name: "j",
  entry: { node: "a" },
  nodes: { a: { type: "event", eventUid: "u" }, b: { type: "condition", paths: [{ id: "p", expression: "1" }] } },
  edges: [{ from: "a", to: "b" }],
};
const keyOf = (next: JourneyDocument) => placeKey({ document: next, nodeId: "b" });

test("typing an expression, moving and renaming the journey ask for nothing anew", () => {
  const typed = { ...document, nodes: { ...document.nodes, b: { type: "condition" as const, paths: [] } } };
  expect(keyOf(typed)).toBe(keyOf(document));
  expect(keyOf({ ...document, name: "k", layout: { a: { x: 1, y: 1 } } })).toBe(keyOf(document));
});

test("another event, arrow or node does", () => {
  expect(keyOf({ ...document, edges: [] })).not.toBe(keyOf(document));
  const other = { ...document, nodes: { ...document.nodes, a: { type: "event" as const, eventUid: "v" } } };
  expect(keyOf(other)).not.toBe(keyOf(document));
  expect(placeKey({ document, nodeId: "a" })).not.toBe(keyOf(document));
});
