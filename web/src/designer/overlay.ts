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
  tone?: Tone;
  highlighted?: boolean;
  dimmed?: boolean;
}

export interface Layer {
  nodes: Record<NodeId, NodeOverlay>;
  /** By `edgeId` of flow/graph. */
  edges: Record<string, EdgeOverlay>;
}

interface Overlay extends Layer {
  /** Draw this for as long as nothing is focussed. */
  show: (layer: Layer) => void;
  /** Draw this instead, such as one customer's way; null: what is shown again. */
  focus: (layer: Layer | null) => void;
  clear: () => void;
  /** What is drawn without a focus. */
  below: Layer;
  isFocussed: boolean;
}

const NOTHING: Layer = { nodes: {}, edges: {} };

/** What live counters, tests and simulations draw on the canvas; the canvas reads it, one activity at a time. */
export const useOverlay = create<Overlay>((set) => ({
  ...NOTHING,
  below: NOTHING,
  isFocussed: false,
  show: (layer) => set((now) => (now.isFocussed ? { below: layer } : { ...layer, below: layer })),
  focus: (layer) =>
    set((now) => (layer === null ? { ...now.below, isFocussed: false } : { ...layer, isFocussed: true })),
  clear: () => set({ ...NOTHING, below: NOTHING, isFocussed: false }),
}));
