import type { Change, Diff } from "@/flow/diff";
import type { JourneyDocument } from "@/flow/document";
import { edgeId, edgesOf } from "@/flow/graph";
import type { Layer, Tone } from "../overlay";

export const TONES: Record<Change, Tone> = { added: "positive", removed: "negative", changed: "notice" };

/** Differences drawn on the graph of both versions; what is the same steps back, unless all is. `label` names a change. */
export function compareOverlay(both: JourneyDocument, found: Diff, label: (change: Change) => string): Layer {
  const nodes = new Map(found.nodes.map(({ id, change }) => [id, change]));
  if (found.nodes.length + found.edges.length === 0) return { nodes: {}, edges: {} };
  const edges = new Map(found.edges.map(({ id, change }) => [id, change]));
  return {
    nodes: Object.fromEntries(
      Object.keys(both.nodes).map((id) => {
        const change = nodes.get(id);
        return [
          id,
          change === undefined ? { dimmed: true } : { badge: label(change), tone: TONES[change], highlighted: true },
        ];
      }),
    ),
    edges: Object.fromEntries(
      edgesOf(both).map((edge) => {
        const change = edges.get(edgeId(edge));
        return [
          edgeId(edge),
          change === undefined ? { dimmed: true } : { label: label(change), tone: TONES[change], highlighted: true },
        ];
      }),
    ),
  };
}
