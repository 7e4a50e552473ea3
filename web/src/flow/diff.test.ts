import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { journeyDocuments } from "./arbitrary.testing";
import { diff, memberChanges, union } from "./diff";
import type { JourneyDocument } from "./document";

const BASE: JourneyDocument = {
  name: "Welcome",
  entry: { node: "order" },
  nodes: {
    order: { type: "event", event: "e1" },
    pause: { type: "wait", duration: { value: 2, unit: "days" } },
    mail: { type: "customAction", action: "a1" },
  },
  edges: [
    { from: "order", to: "pause" },
    { from: "pause", to: "mail" },
  ],
  layout: { order: { x: 0, y: 0 } },
};

describe("diff", () => {
  test("what is moved, or written in another order, is no change", () => {
    const other = {
      ...BASE,
      nodes: { ...BASE.nodes, pause: { duration: { unit: "days", value: 2 }, type: "wait" as const } },
      edges: [...(BASE.edges ?? [])].reverse(),
      layout: { order: { x: 400, y: 20 }, pause: { x: 1, y: 1 } },
    };
    expect(diff(BASE, other)).toEqual({ nodes: [], edges: [], properties: [] });
  });

  test("an arrow that says its kind is the same as one that leaves it out", () => {
    const other = { ...BASE, edges: (BASE.edges ?? []).map((edge) => ({ ...edge, kind: "default" as const })) };
    expect(diff(BASE, other).edges).toEqual([]);
  });

  test("added, removed and changed activities, arrows and properties are told", () => {
    const { mail: _, ...rest } = BASE.nodes;
    const found = diff(BASE, {
      ...BASE,
      name: "Welcome back",
      nodes: { ...rest, pause: { type: "wait", duration: { value: 3, unit: "days" } }, end: { type: "end" } },
      edges: [
        { from: "order", to: "pause" },
        { from: "pause", to: "end" },
      ],
    });
    expect(found.nodes).toEqual([
      { id: "pause", change: "changed", members: [{ path: "duration.value", before: 2, after: 3 }] },
      { id: "end", change: "added", members: [] },
      { id: "mail", change: "removed", members: [] },
    ]);
    expect(found.edges.map(({ id, change }) => [id, change])).toEqual([
      ["pause|default||end", "added"],
      ["pause|default||mail", "removed"],
    ]);
    expect(found.properties).toEqual([{ path: "name", before: "Welcome", after: "Welcome back" }]);
  });

  test("an activity named as a member of every object is one of its own", () => {
    const other = { ...BASE, nodes: { ...BASE.nodes, constructor: { type: "end" as const } } };
    expect(diff(BASE, other).nodes).toEqual([{ id: "constructor", change: "added", members: [] }]);
  });
});

test("elements of a list are told by their ids, or by their places", () => {
  const [a, b] = [
    { id: "a", share: 1 },
    { id: "b", share: 1 },
  ];
  expect(memberChanges({ paths: [a] }, { paths: [{ ...a, share: 2 }] })).toEqual([
    { path: "paths[a].share", before: 1, after: 2 },
  ]);
  expect(memberChanges({ paths: [a] }, { paths: [b, a] })).toEqual([
    { path: "paths[b].id", before: undefined, after: "b" },
    { path: "paths[b].share", before: undefined, after: 1 },
  ]);
  expect(memberChanges({ paths: [a, b] }, { paths: [b, a] })).toEqual([
    { path: "paths", before: ["a", "b"], after: ["b", "a"] },
  ]);
  expect(memberChanges({ rows: [{ x: 1 }] }, { rows: [{ x: 1 }, { x: 2 }] })).toEqual([
    { path: "rows[1].x", before: undefined, after: 2 },
  ]);
});

test("a nested setting that comes or goes is told member by member", () => {
  const duration = { value: 2, unit: "days" };
  expect(memberChanges({}, { timeout: { duration } })).toEqual([
    { path: "timeout.duration.value", before: undefined, after: 2 },
    { path: "timeout.duration.unit", before: undefined, after: "days" },
  ]);
  expect(memberChanges({ duration }, {}).map(({ path }) => path)).toEqual(["duration.value", "duration.unit"]);
  expect(memberChanges({}, { timeout: {} })).toEqual([{ path: "timeout", before: undefined, after: {} }]);
  expect(memberChanges({ rows: [] }, {})).toEqual([{ path: "rows", before: [], after: undefined }]);
});

test("plain values in a list are told by their places, and together where there are more or fewer", () => {
  expect(memberChanges({ days: [1, 3] }, { days: [1, 2] })).toEqual([{ path: "days[1]", before: 3, after: 2 }]);
  expect(memberChanges({ days: [1] }, { days: [1, 2] })).toEqual([{ path: "days", before: [1], after: [1, 2] }]);
  expect(memberChanges({}, { tags: ["a", "b"] })).toEqual([{ path: "tags", before: undefined, after: ["a", "b"] }]);
});

test("a journey does not differ from itself, and its differences turn round with the order of the two", () => {
  fc.assert(
    fc.property(journeyDocuments, journeyDocuments, (one, other) => {
      expect(diff(one, structuredClone(one))).toEqual({ nodes: [], edges: [], properties: [] });
      const turned = { added: "removed", removed: "added", changed: "changed" } as const;
      const names = (found: ReturnType<typeof diff>) => new Set(found.nodes.map(({ id, change }) => `${id} ${change}`));
      const back = diff(other, one).nodes.map(({ id, change }) => `${id} ${turned[change]}`);
      expect(names(diff(one, other))).toEqual(new Set(back));
    }),
    { numRuns: 200 },
  );
});

test("one graph of two has every activity and arrow of either once, the later as it is now", () => {
  const other: JourneyDocument = {
    ...BASE,
    nodes: { order: { type: "event", event: "e2" }, end: { type: "end" } },
    edges: [{ from: "order", to: "end" }],
  };
  const both = union(BASE, other);
  expect(Object.keys(both.nodes).sort()).toEqual(["end", "mail", "order", "pause"]);
  expect(both.nodes.order).toEqual({ type: "event", event: "e2" });
  expect(both.edges).toHaveLength(3);
});
