import { expect, test } from "vitest";
import type { JourneyDocument } from "./document";
import { faultOf, freeWay, insertFragment, toFragment } from "./fragment";

const journey: JourneyDocument = {
  name: "x",
  entry: { node: "event" },
  nodes: { event: { type: "event" }, wait: { type: "wait" }, end: { type: "end" } },
  edges: [
    { from: "event", to: "wait" },
    { from: "wait", to: "end" },
  ],
  layout: { event: { x: 0, y: 0 }, wait: { x: 300, y: 50 }, end: { x: 600, y: 20 } },
};

test("what is chosen becomes a fragment with its corner at the origin", () => {
  expect(toFragment(journey, new Set(["wait", "end"]))).toEqual({
    nodes: { wait: { type: "wait" }, end: { type: "end" } },
    edges: [{ from: "wait", to: "end" }],
    layout: { wait: { x: 0, y: 30 }, end: { x: 300, y: 0 } },
  });
});

test("a fragment has one entry and no jump", () => {
  expect(faultOf(toFragment(journey, new Set(["wait", "end"])))).toBeNull();
  expect(faultOf(toFragment(journey, new Set(["event", "end"])))).toBe("entries");
  const jump = { nodes: { jump: { type: "jump" as const } }, edges: [], layout: {} };
  expect(faultOf(jump)).toBe("jump");
});

test("a fragment is put behind an activity under new ids, and changes nothing else", () => {
  const fragment = toFragment(journey, new Set(["wait", "end"]));
  const { edges: _, ...alone } = journey;
  const open = { ...alone, edges: [] };
  const { document, ids } = insertFragment(open, fragment, { x: 1000, y: 500 }, { id: "event", handle: "default|" });
  expect(ids).toEqual(["wait2", "end2"]);
  expect(document.edges).toEqual([
    { from: "wait2", to: "end2" },
    { from: "event", to: "wait2" },
  ]);
  expect(document.layout).toMatchObject({ wait2: { x: 1000, y: 530 }, end2: { x: 1300, y: 500 } });
  expect(document.nodes.wait).toBe(journey.nodes.wait);
});

test("where two activities begin, nothing is connected", () => {
  const fragment = { nodes: { a: { type: "wait" as const }, b: { type: "wait" as const } }, edges: [], layout: {} };
  const { document } = insertFragment(journey, fragment, { x: 0, y: 900 }, { id: "end", handle: "default|" });
  expect(document.edges).toEqual(journey.edges);
});

test("the free way of an activity is the first that leads nowhere", () => {
  expect(freeWay(journey, "event", ["default|"])).toBeNull();
  expect(freeWay(journey, "event", ["default|", "timeout|"])).toBe("timeout|");
});
