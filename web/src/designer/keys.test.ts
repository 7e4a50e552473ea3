import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { neighbour } from "./keys";

const document: JourneyDocument = {
  name: "Story",
  entry: { node: "a" },
  nodes: { a: { type: "event" }, b: { type: "condition" }, c: { type: "wait" }, d: { type: "wait" } },
  edges: [
    { from: "a", to: "b" },
    { from: "b", to: "c", kind: "path", path: "one" },
    { from: "b", to: "d", kind: "other" },
  ],
  layout: { a: { x: 0, y: 0 }, b: { x: 300, y: 0 }, c: { x: 600, y: 0 }, d: { x: 600, y: 130 } },
};

test.each([
  ["a", "ArrowRight", "b"],
  ["b", "ArrowRight", "c"],
  ["c", "ArrowDown", "d"],
  ["d", "ArrowUp", "c"],
  ["d", "ArrowLeft", "b"],
  ["a", "ArrowLeft", null],
  ["d", "ArrowDown", null],
] as const)("from %s with %s to %s", (from, direction, to) => {
  expect(neighbour(document, from, direction)).toBe(to);
});
