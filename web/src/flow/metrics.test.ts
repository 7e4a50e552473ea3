import { expect, test } from "vitest";
import type { JourneyDocument } from "./document";
import { asType, type Metric, metricsOf, newMetric, withCondition, withMetrics, withValue } from "./metrics";

const paid: Metric = { id: "paid", label: "Paid", type: "event", eventUid: "e", value: { expression: "1" } };
const document = (metrics?: unknown): JourneyDocument => ({ name: "J", entry: { node: "a" }, nodes: {}, metrics });

test("words are no metrics, and stay behind those that are computed", () => {
  expect(metricsOf(document(["word", paid, 7, null]))).toEqual([paid]);
  expect(withMetrics(document(["word", paid]), [])).toEqual(["word"]);
  expect(withMetrics(document(["word"]), [paid])).toEqual([paid, "word"]);
  expect(withMetrics(document([paid]), [])).toBeUndefined();
  expect(metricsOf(document())).toEqual([]);
});

test("a new one has an id of its own", () => {
  expect(newMetric([paid, { id: "metric3", type: "clicked" }]).id).toBe("metric4");
  expect(newMetric([]).id).toBe("metric1");
});

test("what is empty is left out", () => {
  const plain: Metric = { id: "paid", label: "Paid", type: "event", eventUid: "e" };
  expect(withValue(paid, " ")).toEqual(plain);
  expect(withCondition(paid, "true")).toEqual({ ...paid, expression: "true" });
  expect(withCondition({ ...paid, expression: "true" }, "")).toEqual(paid);
  expect(withValue(plain, "2")).toEqual({ ...plain, value: { expression: "2" } });
});

test("of another type it loses what belongs to events", () => {
  expect(asType(paid, "clicked")).toEqual({ id: "paid", label: "Paid", type: "clicked" });
  expect(asType({ id: "x", type: "clicked", withinDays: 3 }, "event")).toEqual({
    id: "x",
    type: "event",
    withinDays: 3,
    eventUid: "",
  });
});
