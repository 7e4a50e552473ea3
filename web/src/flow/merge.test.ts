import fc from "fast-check";
import { expect, test } from "vitest";
import { journeyDocuments } from "./arbitrary.testing";
import type { JourneyDocument } from "./document";
import { merge } from "./merge";

const base: JourneyDocument = {
  name: "Story",
  entry: { node: "a" },
  nodes: { a: { type: "event" }, b: { type: "wait", duration: { value: 1, unit: "days" } } },
  edges: [{ from: "a", to: "b" }],
};

test("changes of different places are both kept", () => {
  const ours = { ...base, name: "Mine" };
  const theirs = {
    ...base,
    nodes: { ...base.nodes, c: { type: "end" as const } },
    edges: [
      { from: "a", to: "b" },
      { from: "b", to: "c" },
    ],
  };
  const merged = merge(base, ours, theirs);
  expect(merged).toEqual({ document: { ...theirs, name: "Mine" }, conflicts: [] });
});

test("the same place changed twice is told, and ours is kept", () => {
  const of = (value: number): JourneyDocument => ({
    ...base,
    nodes: { ...base.nodes, b: { type: "wait", duration: { value, unit: "days" } } },
  });
  const merged = merge(base, of(2), of(3));
  expect(merged.conflicts).toEqual(["nodes.b.duration.value"]);
  expect(merged.document.nodes.b?.duration).toEqual({ value: 2, unit: "days" });
});

test("arrows of an activity that the other took away are gone", () => {
  const { b: _, ...nodes } = base.nodes;
  const theirs: JourneyDocument = { ...base, nodes, edges: [] };
  const merged = merge(base, { ...base, name: "Mine" }, theirs);
  expect(merged.document).toEqual({ ...theirs, name: "Mine" });
});

test("with one side unchanged the other is the result", () => {
  fc.assert(
    fc.property(journeyDocuments, journeyDocuments, (one, other) => {
      expect(merge(one, other, one).document).toEqual(other);
      expect(merge(one, one, other)).toEqual({ document: other, conflicts: [] });
    }),
  );
});
