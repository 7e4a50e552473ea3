import type { JourneyDocument, NodeId } from "@/flow/document";
import { edgeId, edgesOf, handleOf } from "@/flow/graph";
import { handleOfTransition } from "../live/counters";
import type { Layer } from "../overlay";

/** The way of one customer: what they passed stands out, the rest steps back. `at`: where they stand; null: gone. */
export function wayLayer(
  document: JourneyDocument,
  steps: readonly { nodeId: NodeId; transition?: string | null }[],
  at: NodeId | null,
): Layer {
  const passed = new Set<string | null>([...steps.map((step) => step.nodeId), at]);
  const taken = new Set(
    steps.flatMap(({ nodeId, transition }) => (transition ? [`${nodeId}|${handleOfTransition(transition)}`] : [])),
  );
  return {
    nodes: Object.fromEntries(
      Object.keys(document.nodes).map((id) => [
        id,
        { highlighted: passed.has(id), dimmed: !passed.has(id), ...(id === at ? { tokens: 1 } : {}) },
      ]),
    ),
    edges: Object.fromEntries(
      edgesOf(document).map((edge) => {
        const isTaken = taken.has(`${edge.from}|${handleOf(edge.kind, edge.path)}`) && passed.has(edge.to);
        return [edgeId(edge), { highlighted: isTaken, dimmed: !isTaken }];
      }),
    ),
  };
}
