/** The journey document (docs/reference/journey-document.md) as the designer reads it. */
export type NodeId = string;

export type NodeType =
  | "event"
  | "businessEvent"
  | "audienceQualification"
  | "readAudience"
  | "reaction"
  | "condition"
  | "optimize"
  | "wait"
  | "datasetLookup"
  | "customAction"
  | "message"
  | "jump"
  | "updateProfile"
  | "end";

/** One activity; what more it has depends on its type. */
export interface JourneyNode {
  type: NodeType;
  label?: string;
  description?: string;
  [member: string]: unknown;
}

export type EdgeKind = "default" | "path" | "timeout" | "error" | "other";

export interface JourneyEdge {
  from: NodeId;
  to: NodeId;
  /** Left out: `default`. */
  kind?: EdgeKind;
  /** Id of the path; only with kind `path`. */
  path?: string;
}

export interface Position {
  x: number;
  y: number;
}

/** A note on the canvas; it means nothing to the run. */
export interface CanvasComment extends Position {
  id: string;
  text: string;
  author: string;
  at: string;
}

/** Key of the comments in `layout`: no node can have that id. */
export const COMMENTS = "#comments";

export interface JourneyDocument {
  name: string;
  entry: { node: NodeId; reentrance?: { allowed?: boolean; waitSeconds?: number }; multipleExecutions?: boolean };
  nodes: Record<NodeId, JourneyNode>;
  edges?: JourneyEdge[];
  /** Position by node id, and the comments. */
  layout?: Record<string, unknown>;
  [member: string]: unknown;
}
