import type { JourneyDocument, NodeId } from "./document";
import { connect, disconnect, type MayFollow, refusalOf } from "./edit";
import { edgeId, edgesOf, handleOf } from "./graph";

/** One arrow from a way out, or the room for one more: where it leads, and where it could. */
export interface Lead {
  to: NodeId | null;
  choices: NodeId[];
}

/** The arrows from a way out of an activity; the last one leads nowhere where another may be drawn. */
export function leadsOf(document: JourneyDocument, from: NodeId, handle: string, mayFollow: MayFollow): Lead[] {
  const candidates = (without: JourneyDocument) =>
    Object.keys(document.nodes).filter((to) => refusalOf(without, from, handle, to, mayFollow) === null);
  const drawn = edgesOf(document)
    .filter((edge) => edge.from === from && handleOf(edge.kind, edge.path) === handle)
    .map((edge) => {
      const others = candidates(disconnect(document, new Set([edgeId(edge)])));
      return { to: edge.to, choices: others.includes(edge.to) ? others : [edge.to, ...others] };
    });
  const free = candidates(document);
  return free.length > 0 ? [...drawn, { to: null, choices: free }] : drawn;
}

/** Let an arrow lead to another activity, or to none; `old` is null for a new arrow. */
export function lead(
  document: JourneyDocument,
  from: NodeId,
  handle: string,
  old: NodeId | null,
  to: NodeId | null,
): JourneyDocument {
  const gone = edgesOf(document).find(
    (edge) => edge.from === from && edge.to === old && handleOf(edge.kind, edge.path) === handle,
  );
  const without = gone === undefined ? document : disconnect(document, new Set([edgeId(gone)]));
  return to === null ? without : connect(without, from, handle, to);
}
