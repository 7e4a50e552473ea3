import type { JourneyDocument, NodeId } from "@/flow/document";
import { edgeId, edgesOf, handleOf } from "@/flow/graph";
import { handleOfTransition } from "../live/counters";
import type { Layer, Tone } from "../overlay";
import type { TrialStep } from "./replay";

/** How a customer's entrance into the draft compares with the live one (docs/reference/testing.md, Backtest). */
export const KINDS = ["calls", "end", "onlyDraft", "onlyLive", "same"] as const;
export type Kind = (typeof KINDS)[number];

interface Run {
  enteredAt: string;
  status: string;
  nodeId: NodeId | null;
  steps: TrialStep[];
  calls: { at: string; action: string; statusCode?: string }[];
}

export interface BacktestCustomer {
  key: string;
  kind: Kind;
  draft?: Run;
  live?: Run;
}

export interface BacktestCall {
  at: string;
  key: string;
  nodeId: NodeId | null;
  action: string;
  statusCode: string | null;
}

export interface Counted {
  counts: Record<NodeId, { in: number; waiting: number; out: number; errors: number }>;
  paths: { from: NodeId; transition: string; to: NodeId; passed: number }[];
}

interface Side {
  customers: number;
  entered: number;
  ended: Record<string, number>;
  calls: Record<string, number>;
}

/** What a backtest tells (docs/reference/journeys-api.md, Backtests). */
export interface BacktestOutcome extends Counted {
  from: string;
  to: string;
  records: number;
  recognised: number;
  refused: Record<string, number>;
  summary: { draft: Side; live: Side; differences: Record<Kind, number> };
  live: Counted | null;
  insideAtStart: number;
  notes: string[];
  customerCount: number;
  customers: BacktestCustomer[];
  callCount: number;
  calls: BacktestCall[];
}

export interface Progress {
  records: number;
  total: number;
  at: string;
}

export const PERIODS = ["1h", "1d", "7d", "30d", "90d"] as const;
export const DEFAULT_PERIOD = "7d";

/** Two days, the last one included, as the address has them: `2026-11-01..2026-11-30`; null for another text. */
export function daysOf(period: string): { start: string; end: string } | null {
  const found = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(period);
  const [start, end] = [found?.[1], found?.[2]];
  return start === undefined || end === undefined || end < start ? null : { start, end };
}

/** What the server is asked for: how long ago, or from the beginning of a day of the person to the end of another. */
export function periodOf(period: string): { from: string; to?: string } {
  const days = daysOf(period);
  if (days === null) return { from: PERIODS.find((one) => one === period) ?? DEFAULT_PERIOD };
  const until = new Date(`${days.end}T00:00:00`);
  until.setDate(until.getDate() + 1);
  return { from: new Date(`${days.start}T00:00:00`).toISOString(), to: until.toISOString() };
}

/** The data sets that hold events which the journey knows: those of the schemas of its events. */
export function dataSetsOf<T extends { schemaRef: { id: string } | null }>(
  dataSets: readonly T[],
  events: readonly { uid: string; schemaRef: { id: string } }[],
  used: readonly string[],
): T[] {
  const schemas = new Set(events.filter((event) => used.includes(event.uid)).map((event) => event.schemaRef.id));
  return dataSets.filter((one) => one.schemaRef !== null && schemas.has(one.schemaRef.id));
}

/** More than live, fewer, or as many. */
export function toneOf(draft: number, live: number | null): Tone {
  if (live === null || draft === live) return "neutral";
  return draft > live ? "informative" : "notice";
}

/** The counts of the draft on the canvas, beside those of the live version where there is one. */
export function countsLayer(
  outcome: BacktestOutcome,
  document: JourneyDocument,
  words: (draft: number, live: number | null) => string,
): Layer {
  const { counts, paths, live } = outcome;
  const nodes = Object.entries(counts).flatMap(([id, { in: draft, errors }]) => {
    if (document.nodes[id] === undefined) return [];
    const did = live === null ? null : (live.counts[id]?.in ?? 0);
    const tone = errors > (live?.counts[id]?.errors ?? 0) ? "negative" : toneOf(draft, did);
    return [[id, { badge: words(draft, did), tone }] as const];
  });
  const passed = byArrow(paths);
  const passedLive = live === null ? null : byArrow(live.paths);
  const edges = edgesOf(document).flatMap((edge) => {
    const id = `${edge.from}|${handleOf(edge.kind, edge.path)}|${edge.to}`;
    const draft = passed.get(id);
    if (draft === undefined) return [];
    const did = passedLive === null ? null : (passedLive.get(id) ?? 0);
    return [[edgeId(edge), { label: words(draft, did), tone: toneOf(draft, did) }] as const];
  });
  return { nodes: Object.fromEntries(nodes), edges: Object.fromEntries(edges) };
}

const byArrow = (paths: Counted["paths"]) =>
  new Map(paths.map(({ from, transition, to, passed }) => [`${from}|${handleOfTransition(transition)}|${to}`, passed]));
