import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { type BacktestOutcome, countsLayer, dataSetsOf, daysOf, periodOf, toneOf } from "./backtest";

const document: JourneyDocument = {
  name: "Story",
  entry: { node: "order" },
  nodes: { order: { type: "event" }, gold: { type: "condition" }, send: { type: "message" } },
  edges: [
    { from: "order", to: "gold" },
    { from: "gold", to: "send", kind: "path", path: "vip" },
  ],
};
const count = (arrived: number, errors = 0) => ({ in: arrived, waiting: 0, out: arrived, errors });
const side = { customers: 0, entered: 0, ended: {}, calls: {} };
const outcome: BacktestOutcome = {
  from: "2026-01-01T00:00:00Z",
  to: "2026-01-02T00:00:00Z",
  records: 10,
  recognised: 10,
  refused: {},
  summary: { draft: side, live: side, differences: { calls: 0, end: 0, onlyDraft: 0, onlyLive: 0, same: 0 } },
  counts: { order: count(10), gold: count(10), send: count(4, 1) },
  paths: [
    { from: "order", transition: "default", to: "gold", passed: 10 },
    { from: "gold", transition: "path:vip", to: "send", passed: 4 },
  ],
  live: {
    counts: { order: count(10), gold: count(12), send: count(0) },
    paths: [{ from: "order", transition: "default", to: "gold", passed: 9 }],
  },
  insideAtStart: 0,
  notes: [],
  customerCount: 0,
  customers: [],
  callCount: 0,
  calls: [],
};
const words = (draft: number, live: number | null) => (live === null ? `${draft}` : `${draft}/${live}`);

test("activities and arrows show what the draft would do beside what the live version did, differences coloured", () => {
  expect(countsLayer(outcome, document, words)).toEqual({
    nodes: {
      order: { badge: "10/10", tone: "neutral" },
      gold: { badge: "10/12", tone: "notice" },
      send: { badge: "4/0", tone: "negative" },
    },
    edges: {
      "order|default||gold": { label: "10/9", tone: "informative" },
      "gold|path|vip|send": { label: "4/0", tone: "informative" },
    },
  });
});

test("without a live version the draft stands alone, in no colour but that of errors", () => {
  const alone = countsLayer({ ...outcome, live: null }, document, words);
  expect(alone.nodes).toMatchObject({ gold: { badge: "10", tone: "neutral" }, send: { tone: "negative" } });
  expect(alone.edges["order|default||gold"]).toEqual({ label: "10", tone: "neutral" });
  expect(toneOf(1, null)).toBe("neutral");
});

test("what is not on the canvas any more is left out", () => {
  const { send: _, ...nodes } = document.nodes;
  const layer = countsLayer(outcome, { ...document, nodes, edges: document.edges?.slice(0, 1) }, words);
  expect(Object.keys(layer.nodes)).toEqual(["order", "gold"]);
  expect(Object.keys(layer.edges)).toEqual(["order|default||gold"]);
});

test("a period is a time until now, or whole days of the person", () => {
  expect(periodOf("30d")).toEqual({ from: "30d" });
  expect(periodOf("nonsense")).toEqual({ from: "7d" });
  const days = periodOf("2026-03-01..2026-03-02");
  expect(days.from).toBe(new Date(2026, 2, 1).toISOString());
  expect(days.to).toBe(new Date(2026, 2, 3).toISOString());
  expect(daysOf("2026-03-02..2026-03-01")).toBeNull();
});

test("only data sets that hold events of the journey are offered", () => {
  const dataSets = [
    { id: "a", schemaRef: { id: "orders" } },
    { id: "b", schemaRef: { id: "visits" } },
    { id: "c", schemaRef: null },
  ];
  const events = [
    { uid: "1", schemaRef: { id: "orders" } },
    { uid: "2", schemaRef: { id: "visits" } },
  ];
  expect(dataSetsOf(dataSets, events, ["1"]).map((one) => one.id)).toEqual(["a"]);
});
