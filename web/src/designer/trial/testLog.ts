import type { NodeId } from "@/flow/document";

/** What became of one test profile (docs/reference/http-api.md, `testLog`). */
export interface LogEntry {
  Id: string;
  currentstep: { step?: NodeId; phase: string; extraInfo?: unknown; fetchErrors?: unknown[] };
  externalKeys: { namespace: string; id: string }[];
  transitionHistory: { nodeId: NodeId; nodeName: string; transition: string | null; atUs: number }[];
  events: unknown;
  actionExecutionErrors: unknown[];
  actionsHistory: unknown;
}

/** The entry whose way is drawn: the chosen one as long as it is there, else the latest. */
export const shownEntry = (entries: readonly LogEntry[], chosen: string | null): LogEntry | null =>
  entries.find((entry) => entry.Id === chosen) ?? entries[0] ?? null;
