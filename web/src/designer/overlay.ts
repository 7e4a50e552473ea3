import { create } from "zustand";
import type { NodeId } from "@/flow/document";

export type Tone = "positive" | "negative" | "notice" | "informative" | "neutral";

/** What is shown on top of an activity: counters, a path, customers. */
export interface NodeOverlay {
  badge?: string;
  tone?: Tone;
  dimmed?: boolean;
  highlighted?: boolean;
  /** Customers who stand here, as dots. */
  tokens?: number;
}

export interface EdgeOverlay {
  label?: string;
  highlighted?: boolean;
  dimmed?: boolean;
}

interface Overlay {
  nodes: Record<NodeId, NodeOverlay>;
  /** By `edgeId` of flow/graph. */
  edges: Record<string, EdgeOverlay>;
  show: (overlay: { nodes: Record<NodeId, NodeOverlay>; edges: Record<string, EdgeOverlay> }) => void;
  clear: () => void;
}

const NOTHING = { nodes: {}, edges: {} };

/** What live counters, tests and simulations draw on the canvas; the canvas reads it, one activity at a time. */
export const useOverlay = create<Overlay>((set) => ({
  ...NOTHING,
  show: (overlay) => set(overlay),
  clear: () => set(NOTHING),
}));
