import type { JourneyDocument, NodeId } from "@/flow/document";
import { edgesOf, toCanvas } from "@/flow/graph";

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** The activity one gets to with an arrow key: along an arrow to the right or left, else the nearest on that side. */
export function neighbour(document: JourneyDocument, from: NodeId, direction: Direction): NodeId | null {
  const edges = edgesOf(document);
  if (direction === "ArrowRight") return edges.find((edge) => edge.from === from)?.to ?? null;
  if (direction === "ArrowLeft") return edges.find((edge) => edge.to === from)?.from ?? null;
  const canvas = toCanvas(document);
  const here = canvas.nodes.find((node) => node.id === from);
  if (here === undefined) return null;
  const sign = direction === "ArrowDown" ? 1 : -1;
  const candidates = canvas.nodes
    .filter(({ id, position }) => id !== from && sign * (position.y - here.position.y) > 0)
    .map(({ id, position }) => ({
      id,
      far: Math.abs(position.y - here.position.y) + 2 * Math.abs(position.x - here.position.x),
    }));
  candidates.sort((one, other) => one.far - other.far);
  return candidates[0]?.id ?? null;
}
