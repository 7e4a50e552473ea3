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

/**
 * The members in which two values differ, each by its path: objects and lists are gone into, also where only one side has
 * one. Elements of a list are told by their ids, `paths[a].label`, and so is another order of them; without ids by their
 * places. A list of plain values that is longer, shorter or new is told as a whole.
 */
export function memberChanges(before: unknown, after: unknown, path = ""): MemberChange[] {
  if (isSame(before, after)) return [];
  const whole = [{ path, before, after }];
  const [old, now] = [before ?? nothingLike(after), after ?? nothingLike(before)];
  if (isRecord(old) && isRecord(now)) {
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    const below = (name: string) => (path === "" ? name : `${path}.${name}`);
    return names.length === 0
      ? whole
      : names.flatMap((name) => memberChanges(own(old, name), own(now, name), below(name)));
  }
  if (!Array.isArray(old) || !Array.isArray(now)) return whole;
  const [had, has] = [byId(old), byId(now)];
  if (had !== null && has !== null && had.size + has.size > 0) {
    const ids = [...new Set([...had.keys(), ...has.keys()])];
    const [first, then] = [ids.filter((id) => had.has(id)), [...has.keys()].filter((id) => had.has(id))];
    const isMoved = !isSame(
      first.filter((id) => has.has(id)),
      then,
    );
    const order = { path, before: [...had.keys()], after: [...has.keys()] };
    return [
      ...(isMoved ? [order] : []),
      ...ids.flatMap((id) => memberChanges(had.get(id), has.get(id), `${path}[${id}]`)),
    ];
  }
  const items = [...old, ...now];
  const isPlain = items.every((item) => typeof item !== "object" || item === null);
  if (items.length === 0 || (isPlain && old.length !== now.length)) return whole;
  return Array.from({ length: Math.max(old.length, now.length) }).flatMap((_, at) =>
    memberChanges(old[at], now[at], `${path}[${at}]`),
  );
}

const plain = (document: JourneyDocument): Record<string, unknown> =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !GRAPH.has(name)));

const own = <T>(of: Record<string, T>, name: string): T | undefined => (Object.hasOwn(of, name) ? of[name] : undefined);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is gone into beside an object or a list where the other side has none. */
const nothingLike = (other: unknown): unknown => (Array.isArray(other) ? [] : isRecord(other) ? {} : undefined);

/** The elements of a list by their ids; null where one has none, or two have the same. */
function byId(list: readonly unknown[]): Map<string, unknown> | null {
  const found = new Map<string, unknown>();
  for (const item of list) if (isRecord(item) && typeof item.id === "string") found.set(item.id, item);
  return found.size === list.length ? found : null;
}

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
