import type { JourneyDocument, JourneyEdge, NodeId } from "./document";
import { edgeId, edgesOf } from "./graph";

export type Change = "added" | "removed" | "changed";

/** A member that differs, by its path such as `duration.value`; undefined where there is none. */
export interface MemberChange {
  path: string;
  before: unknown;
  after: unknown;
}

/** What happened to one activity. */
export interface NodeChange {
  id: NodeId;
  change: Change;
  /** Only of a changed one. */
  members: MemberChange[];
}

export interface EdgeChange {
  id: string;
  change: "added" | "removed";
  edge: JourneyEdge;
}

export interface Diff {
  nodes: NodeChange[];
  edges: EdgeChange[];
  /** Members of the journey itself: name, entry, limits … */
  properties: MemberChange[];
}

const GRAPH = new Set(["nodes", "edges", "layout"]);

/**
 * What must be done to `before` to get `after`, in the order of the documents. Where things stand, in which order members
 * are written, and comments are no change; an arrow that leads elsewhere is one removed and one added.
 */
export function diff(before: JourneyDocument, after: JourneyDocument): Diff {
  const ids = new Set([...Object.keys(after.nodes), ...Object.keys(before.nodes)]);
  const nodes = [...ids].flatMap((id): NodeChange[] => {
    const [old, now] = [own(before.nodes, id), own(after.nodes, id)];
    if (old === undefined) return [{ id, change: "added", members: [] }];
    if (now === undefined) return [{ id, change: "removed", members: [] }];
    const members = memberChanges(old, now);
    return members.length === 0 ? [] : [{ id, change: "changed", members }];
  });
  const [had, has] = [before, after].map((one) => new Map(edgesOf(one).map((edge) => [edgeId(edge), edge])));
  const edges: EdgeChange[] = [
    ...[...(has ?? [])].filter(([id]) => !had?.has(id)).map(([id, edge]) => ({ id, change: "added" as const, edge })),
    ...[...(had ?? [])].filter(([id]) => !has?.has(id)).map(([id, edge]) => ({ id, change: "removed" as const, edge })),
  ];
  return { nodes, edges, properties: memberChanges(plain(before), plain(after)) };
}

/** One graph of two versions: what is there, and at its old place what is there no more. */
export function union(before: JourneyDocument, after: JourneyDocument): JourneyDocument {
  const known = new Set(edgesOf(after).map(edgeId));
  return {
    ...after,
    nodes: { ...before.nodes, ...after.nodes },
    edges: [...edgesOf(after), ...edgesOf(before).filter((edge) => !known.has(edgeId(edge)))],
    layout: { ...before.layout, ...after.layout },
  };
}

/** The members in which two values differ: objects are gone into, and lists of one length; paths in order. */
export function memberChanges(before: unknown, after: unknown, path = ""): MemberChange[] {
  if (isSame(before, after)) return [];
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (isRecord(before) && isRecord(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => memberChanges(own(before, name), own(after, name), below(name)));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => memberChanges(item, after[index], `${path}[${index}]`));
  return [{ path, before, after }];
}

const plain = (document: JourneyDocument): Record<string, unknown> =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !GRAPH.has(name)));

const own = <T>(of: Record<string, T>, name: string): T | undefined => (Object.hasOwn(of, name) ? of[name] : undefined);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  if (!isRecord(one) || !isRecord(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}
