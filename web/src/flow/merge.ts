import type { JourneyDocument, JourneyEdge } from "./document";
import { edgeId } from "./graph";

type Record_ = Record<string, unknown>;

/** What both sides changed differently, as paths such as `nodes.pause.duration`. */
export interface Merge {
  document: JourneyDocument;
  conflicts: string[];
}

/**
 * Three-way merge of two people's changes. Members and activities that one side changed are taken from it; where both
 * changed the same to different values, `ours` is kept and the path is told. Arrows are merged as a set, in our order.
 */
export function merge(base: JourneyDocument, ours: JourneyDocument, theirs: JourneyDocument): Merge {
  const conflicts: string[] = [];
  const { edges: _b, ...plainBase } = base;
  const { edges: _o, ...plainOurs } = ours;
  const { edges: _t, ...plainTheirs } = theirs;
  const merged = mergeRecords(plainBase, plainOurs, plainTheirs, "", conflicts) as JourneyDocument;
  const edges = mergeEdges(base, ours, theirs).filter((edge) => edge.from in merged.nodes && edge.to in merged.nodes);
  const said = isSame(ours.edges, base.edges) ? theirs.edges : ours.edges;
  if (said !== undefined || edges.length > 0) merged.edges = edges;
  return { document: merged, conflicts };
}

function mergeRecords(base: Record_, ours: Record_, theirs: Record_, path: string, conflicts: string[]): Record_ {
  const merged: Record_ = {};
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [b, o, t] = [base[name], ours[name], theirs[name]];
    const where = path === "" ? name : `${path}.${name}`;
    if (isSame(o, t) || isSame(t, b)) {
      if (o !== undefined) merged[name] = o;
    } else if (isSame(o, b)) {
      if (t !== undefined) merged[name] = t;
    } else if (isRecord(o) && isRecord(t)) {
      merged[name] = mergeRecords(isRecord(b) ? b : {}, o, t, where, conflicts);
    } else {
      conflicts.push(where);
      if (o !== undefined) merged[name] = o;
    }
  }
  return merged;
}

function mergeEdges(base: JourneyDocument, ours: JourneyDocument, theirs: JourneyDocument): JourneyEdge[] {
  if (isSame(ours.edges, base.edges)) return theirs.edges ?? [];
  if (isSame(theirs.edges, base.edges)) return ours.edges ?? [];
  const [b, t] = [base, theirs].map((one) => new Set((one.edges ?? []).map(edgeId)));
  const own = new Set((ours.edges ?? []).map(edgeId));
  const kept = (ours.edges ?? []).filter((edge) => t?.has(edgeId(edge)) || !b?.has(edgeId(edge)));
  const added = (theirs.edges ?? []).filter((edge) => !own.has(edgeId(edge)) && !b?.has(edgeId(edge)));
  return [...kept, ...added];
}

const isRecord = (value: unknown): value is Record_ =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Equal, whatever the order of members. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, i) => isSame(item, other[i]));
  if (!isRecord(one) || !isRecord(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => name in other && isSame(one[name], other[name]))
  );
}
