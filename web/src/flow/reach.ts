import type { JourneyDocument, NodeId } from "./document";
import { edgesOf } from "./graph";

/** Everything that can be reached from an activity, itself included. */
export function reachable(document: JourneyDocument, from: NodeId): Set<NodeId> {
  const found = new Set<NodeId>([from]);
  const open = [from];
  while (open.length > 0) {
    const id = open.pop();
    for (const edge of edgesOf(document)) {
      if (edge.from === id && !found.has(edge.to)) {
        found.add(edge.to);
        open.push(edge.to);
      }
    }
  }
  return found;
}

/** Activities no event can reach from the entry. */
export function unreachable(document: JourneyDocument): NodeId[] {
  const found = reachable(document, document.entry.node);
  return Object.keys(document.nodes).filter((id) => !found.has(id));
}
