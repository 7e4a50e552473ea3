import type { JourneyDocument, JourneyEdge, JourneyNode, NodeId, Position } from "./document";
import { type Clip, connect, copy, paste } from "./edit";
import { edgesOf, handleOf } from "./graph";

/** Activities with the arrows between them, as the server keeps them (docs/reference/journeys-api.md, Fragments). */
export interface FragmentContent {
  nodes: Record<NodeId, JourneyNode>;
  edges: JourneyEdge[];
  layout: Record<NodeId, Position>;
}

/** What is chosen on the canvas, with its top left corner at the origin. */
export function toFragment(document: JourneyDocument, ids: ReadonlySet<NodeId>): FragmentContent {
  const { nodes, edges, positions } = copy(document, ids);
  const corner = cornerOf(positions);
  const layout = Object.fromEntries(
    Object.entries(positions).map(([id, at]) => [id, { x: at.x - corner.x, y: at.y - corner.y }]),
  );
  return { nodes, edges, layout };
}

/** Put a copy into a journey: at a place or, behind an activity, following it where exactly one activity begins. */
export function insertFragment(
  document: JourneyDocument,
  fragment: FragmentContent,
  at: Position,
  behind?: { id: NodeId; handle: string },
): { document: JourneyDocument; ids: NodeId[] } {
  const corner = cornerOf(fragment.layout);
  const positions = Object.fromEntries(
    Object.keys(fragment.nodes).map((id) => {
      const place = fragment.layout[id] ?? corner;
      // a paste moves everything by 40
      return [id, { x: at.x + place.x - corner.x - 40, y: at.y + place.y - corner.y - 40 }];
    }),
  );
  const clip: Clip = { parcours: 1, nodes: fragment.nodes, edges: fragment.edges, positions };
  const pasted = paste(document, clip);
  const [root, ...others] = rootsOf(edgesOf(pasted.document), pasted.ids);
  if (behind === undefined || root === undefined || others.length > 0) return pasted;
  return { ids: pasted.ids, document: connect(pasted.document, behind.id, behind.handle, root) };
}

/** Why activities can't be a fragment: one of them jumps to another journey, or people could enter at several. */
export function faultOf(fragment: FragmentContent): "jump" | "entries" | null {
  if (Object.values(fragment.nodes).some((node) => node.type === "jump")) return "jump";
  return rootsOf(fragment.edges, Object.keys(fragment.nodes)).length > 1 ? "entries" : null;
}

/** Of some activities those that none of them leads to. */
function rootsOf(edges: readonly JourneyEdge[], ids: readonly NodeId[]): NodeId[] {
  const followed = new Set(edges.map((edge) => edge.to));
  return ids.filter((id) => !followed.has(id));
}

/** The first of an activity's ways out that leads nowhere yet; null when all are taken. */
export function freeWay(document: JourneyDocument, id: NodeId, handles: readonly string[]): string | null {
  const taken = new Set(
    edgesOf(document)
      .filter((edge) => edge.from === id)
      .map((edge) => handleOf(edge.kind, edge.path)),
  );
  return handles.find((handle) => !taken.has(handle)) ?? null;
}

function cornerOf(positions: Record<NodeId, Position>): Position {
  const all = Object.values(positions);
  if (all.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...all.map((at) => at.x)), y: Math.min(...all.map((at) => at.y)) };
}
