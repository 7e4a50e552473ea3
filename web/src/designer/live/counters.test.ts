import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { type Counters, lossAt, type NodeCounters, overlayOf } from "./counters";

const document: JourneyDocument = {
  name: "Story",
  entry: { node: "order" },
  nodes: { order: { type: "event" }, gold: { type: "condition" }, send: { type: "message" } },
  edges: [
    { from: "order", to: "gold" },
    { from: "gold", to: "send", kind: "path", path: "vip" },
  ],
};
const node = (arrived: number, current: number, left: Record<string, number>, errors = 0): NodeCounters => ({
  arrived,
  current,
  errors,
  ended: 0,
  left,
});
const counters: Counters = {
  entered: 10,
  current: 2,
  completed: 4,
  failed: 0,
  timedOut: 0,
  stopped: 0,
  exitedByCriteria: 0,
  discarded: 0,
  nodes: { order: node(10, 0, { default: 10 }), gold: node(10, 0, { "path:vip": 4 }), send: node(4, 2, {}, 1) },
  edges: [
    { from: "order", transition: "default", to: "gold", passed: 10 },
    { from: "gold", transition: "path:vip", to: "send", passed: 4 },
  ],
};

test("the loss at an activity is who left there although a way leads on", () => {
  expect(lossAt(node(10, 1, { default: 4 }), true)).toBe(0.5);
  expect(lossAt(node(10, 1, { default: 4 }), false)).toBe(0);
  expect(lossAt(node(0, 0, {}), true)).toBe(0);
});

test("activities show who came and who stands there, arrows who took them, losses their colour", () => {
  expect(overlayOf(counters, document, String, (value) => `${value} here`)).toEqual({
    nodes: {
      order: { badge: "10", tone: "neutral" },
      gold: { badge: "10", tone: "negative" },
      send: { badge: "4 · 2 here", tone: "notice" },
    },
    edges: { "order|default||gold": { label: "10" }, "gold|path|vip|send": { label: "4" } },
  });
});
