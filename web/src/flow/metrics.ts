import type { JourneyDocument } from "./document";

/** What a metric can count (docs/reference/journey-document.md, Success metrics). */
export const METRIC_TYPES = ["event", "opened", "clicked", "unsubscribed", "completed"] as const;
export type MetricType = (typeof METRIC_TYPES)[number];
export const DEFAULT_WITHIN_DAYS = 7;
export const MOST_METRICS = 10;

/** A metric that is computed; words among `metrics` are only shown. */
export interface Metric {
  id: string;
  label?: string;
  type: MetricType;
  eventUid?: string;
  expression?: string;
  value?: { expression: string };
  withinDays?: number;
}

const isMetric = (one: unknown): one is Metric =>
  typeof one === "object" && one !== null && typeof (one as Metric).id === "string";

/** The metrics of a document that are computed, in order. */
export function metricsOf(document: JourneyDocument): Metric[] {
  return Array.isArray(document.metrics) ? document.metrics.filter(isMetric) : [];
}

export const metricName = (metric: Metric): string => metric.label || metric.id;

/** `metrics` of a document with these computed ones and its own words; undefined when there are none. */
export function withMetrics(document: JourneyDocument, metrics: readonly Metric[]): unknown[] | undefined {
  const words = Array.isArray(document.metrics) ? document.metrics.filter((one) => !isMetric(one)) : [];
  const all = [...metrics, ...words];
  return all.length === 0 ? undefined : all;
}

/** A new one with an id that no other has. */
export function newMetric(metrics: readonly Metric[]): Metric {
  const ids = new Set(metrics.map((metric) => metric.id));
  let number = metrics.length + 1;
  while (ids.has(`metric${number}`)) number += 1;
  return { id: `metric${number}`, type: "completed" };
}

/** It with another condition; an empty one counts each event. */
export function withCondition({ expression: _, ...metric }: Metric, text: string): Metric {
  return text.trim() === "" ? metric : { ...metric, expression: text };
}

/** It with another value to sum; an empty one sums nothing. */
export function withValue({ value: _, ...metric }: Metric, text: string): Metric {
  return text.trim() === "" ? metric : { ...metric, value: { expression: text } };
}

/** It as one of another type: what belongs to events goes, or is there. */
export function asType(metric: Metric, type: MetricType): Metric {
  const { id, label, withinDays } = metric;
  const kept: Metric = { id, type };
  if (label !== undefined) kept.label = label;
  if (withinDays !== undefined) kept.withinDays = withinDays;
  return type === "event" ? { ...kept, eventUid: metric.eventUid ?? "" } : kept;
}
