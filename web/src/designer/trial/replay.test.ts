import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { type Outcome, replayAt, replayOf, type TrialStep } from "./replay";

const DOCUMENT: JourneyDocument = {
  name: "Thanks",
  entry: { node: "order" },
  nodes: { order: { type: "event" }, pause: { type: "wait" }, mail: { type: "customAction" } },
  edges: [
    { from: "order", to: "pause" },
    { from: "pause", to: "mail", kind: "default" },
  ],
};
const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;
const ms = (minute: number) => Date.parse(at(minute));
const step = (nodeId: string, minute: number, more: Partial<TrialStep> = {}): TrialStep => ({
  nodeId,
  at: at(minute),
  kind: "",
  status: "transitions",
  ...more,
});
const outcome = (...customers: TrialStep[][]): Outcome => ({
  start: at(0),
  end: at(59),
  entered: 0,
  ended: {},
  refused: {},
  counts: {},
  paths: [],
  customerCount: customers.length,
  customers: customers.map((steps, index) => ({
    key: String(index),
    state: "ended",
    nodeId: null,
    entrances: 1,
    steps,
    sent: [],
    refused: [],
  })),
});
const WAY = (from: number): TrialStep[] => [
  step("order", from, { transition: "default" }),
  step("pause", from, { status: "waiting", processed: false }),
  step("pause", from + 10, { transition: "default" }),
  step("mail", from + 11, { status: "ended", instanceEnded: true }),
];
const told = (found: ReturnType<typeof replayAt>) => ({
  arrived: Object.fromEntries(found.arrived),
  standing: Object.fromEntries(found.standing),
  passed: Object.fromEntries(found.passed),
});

test("customers stand where the moment finds them, and have passed what is behind them", () => {
  const replay = replayOf(DOCUMENT, outcome(WAY(1), WAY(5)));
  expect(told(replayAt(replay, ms(0)))).toEqual({ arrived: {}, standing: {}, passed: {} });
  expect(told(replayAt(replay, ms(3)))).toEqual({
    arrived: { order: 1, pause: 1 },
    standing: { pause: 1 },
    passed: { "order|default||pause": 1 },
  });
  expect(told(replayAt(replay, ms(11)))).toMatchObject({ standing: { pause: 1, mail: 1 } });
  expect(told(replayAt(replay, replay.endMs))).toEqual({
    arrived: { order: 2, pause: 2, mail: 2 },
    standing: {},
    passed: { "order|default||pause": 2, "pause|default||mail": 2 },
  });
  expect(replay.endMs).toBe(ms(16));
});

test("who enters twice is there twice", () => {
  const replay = replayOf(DOCUMENT, outcome([...WAY(1), ...WAY(2)]));
  expect(told(replayAt(replay, ms(4))).standing).toEqual({ pause: 2 });
});

test("a step that failed is an error of its activity, and a wait is none", () => {
  const failed = [
    step("order", 1, { transition: "default" }),
    step("pause", 2, { status: "error", instanceEnded: true }),
  ];
  const found = replayAt(replayOf(DOCUMENT, outcome(failed, WAY(1))), ms(30));
  expect(Object.fromEntries(found.errors)).toEqual({ pause: 1 });
});
