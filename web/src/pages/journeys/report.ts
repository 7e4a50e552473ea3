import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { Asked } from "./reportSearch";

/** docs/reference/reports.md. */
export interface Figures {
  from?: string;
  to?: string;
  entered: number;
  reentered: number;
  current?: number;
  exited: number;
  completed: number;
  completionRate: number;
  failed: number;
  failedRate: number;
  timedOut: number;
  stopped: number;
  exitedByCriteria: number;
  discardedInPause: number;
  discarded: number;
  discardRate: number;
  discards: Record<string, number>;
  reasons: { nodeId: string; nodeName: string; reason: string; count: number }[];
  nodes: NodeFigures[];
  actions: ActionFigures[];
  metrics: MetricFigures[];
  experiments: ExperimentFigures[];
}

/** A success metric (docs/reference/reports.md, Success metrics). */
export interface MetricFigures {
  id: string;
  name: string;
  outcomes: number;
  converted: number;
  rate: number | null;
  value?: number;
}

export interface ExperimentFigures {
  nodeId: string;
  nodeName: string;
  experimentType: "ab" | "bandit";
  successMetric: string | null;
  leader: string | null;
  winner: { path: string; mode: "manual" | "automatic"; by: string | null; atUs: number } | null;
  calculatedAtUs: number | null;
  variants: VariantFigures[];
}

export interface VariantFigures {
  /** Null: the hold-out. */
  path: string | null;
  name: string;
  /** Percent. */
  share: number;
  individuals: number;
  metrics: {
    id: string;
    converted: number;
    rate: number | null;
    value?: number;
    lift: { relative: number | null; low: number; high: number } | null;
  }[];
}

export interface NodeFigures {
  id: string;
  name: string;
  type: string;
  arrived: number;
  current?: number;
  executed: number;
  errors: number;
  dropOff: number;
  dropOffRate: number;
}

export interface ActionFigures {
  nodeId: string;
  nodeName: string;
  executed: number;
  inError: number;
  errorRate: number;
  reasons: Record<string, number>;
  p50Ms: number | null;
  p95Ms: number | null;
}

export const SERIES = ["entered", "completed", "exited", "failed", "discarded"] as const;
export type SeriesName = (typeof SERIES)[number];
export type Point = { start: string; calls: number; callErrors: number } & Record<SeriesName, number>;

export interface Report {
  versionUid: string;
  journeyUid: string;
  name: string;
  version: string;
  status: string;
  at: string;
  live: Figures;
  allTime: Figures;
  period?: Figures;
  series?: { interval: string; points: Point[] };
}

/** Of a version's messages, by activity and what happened to them. */
export interface MessageReport {
  nodes: Record<string, MessageNode>;
}
type MessageNode = Record<string, { messages: number; events: number } | unknown>;

export const reportQuery = (versionUid: string, asked: Asked) =>
  queryOptions({
    queryKey: ["journeys", "report", versionUid, asked.from?.slice(0, 13), asked.to, asked.interval],
    queryFn: () =>
      call<Report>("GET", `/journey/orchestration/journeyVersions/${encodeURIComponent(versionUid)}/report`, {
        query: { from: asked.from, to: asked.to, interval: asked.interval },
      }),
    refetchInterval: 30_000,
  });

export const messageReportQuery = (versionUid: string) =>
  queryOptions({
    queryKey: ["journeys", "messageReport", versionUid],
    queryFn: () =>
      call<MessageReport>(
        "GET",
        `/journey/orchestration/journeyVersions/${encodeURIComponent(versionUid)}/messages/report`,
      ),
    refetchInterval: 30_000,
  });
