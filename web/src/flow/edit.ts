import type { JourneyDocument, JourneyEdge, JourneyNode, NodeId, Position } from "./document";
import { edgeId, edgesOf, handleOf, positionIn, toCanvas, wayOf } from "./graph";
import { reachable } from "./reach";

/** Types that may stand side by side behind one way out: the first to happen wins. */
const RACING = new Set(["event", "audienceQualification", "reaction", "wait"]);
const STEP: Position = { x: 300, y: 0 };

/** Why an arrow can't be drawn; the message is `designer.connect.<refusal>`. */
export type Refusal = "self" | "loop" | "entry" | "same" | "parallel" | "order";

/** Whether a kind may stand behind another; from the kinds' own `canFollow`. */
export type MayFollow = (node: JourneyNode, previous: JourneyNode) => boolean;

/** What stands in the way of an arrow from a way out of `from` to `to`; null when nothing does. */
export function refusalOf(
  document: JourneyDocument,
  from: NodeId,
  handle: string,
  to: NodeId,
  mayFollow: MayFollow,
): Refusal | null {
  const [source, target] = [document.nodes[from], document.nodes[to]];
  if (source === undefined || target === undefined) return "order";
  if (from === to) return "self";
  if (to === document.entry.node) return "entry";
  if (reachable(document, to).has(from)) return "loop";
  const beside = edgesOf(document).filter((edge) => edge.from === from && handleOf(edge.kind, edge.path) === handle);
  if (beside.some((edge) => edge.to === to)) return "same";
  const types = [...beside.map((edge) => document.nodes[edge.to]?.type ?? "end"), target.type];
  if (types.length > 1 && !types.every((type) => RACING.has(type))) return "parallel";
  return mayFollow(target, source) ? null : "order";
}

/** An id for a new activity: its type, or that with the next free number. */
export function freeId(document: JourneyDocument, type: string): NodeId {
  if (document.nodes[type] === undefined) return type;
  let number = 2;
  while (document.nodes[`${type}${number}`] !== undefined) number++;
  return `${type}${number}`;
}

/** Add an activity that nothing leads to yet; in an empty journey it is the first one. */
export function add(
  document: JourneyDocument,
  node: JourneyNode,
  position: Position,
): { document: JourneyDocument; id: NodeId } {
  const id = freeId(document, node.type);
  const isFirst = document.nodes[document.entry.node] === undefined;
  return {
    id,
    document: {
      ...document,
      entry: isFirst ? { ...document.entry, node: id } : document.entry,
      nodes: { ...document.nodes, [id]: node },
      layout: { ...document.layout, [id]: position },
    },
  };
}

/** Add an activity behind a way out; one that stood there follows the new one, by its first way. */
export function addBehind(
  document: JourneyDocument,
  from: NodeId,
  handle: string,
  node: JourneyNode,
  firstHandle: string | null,
): { document: JourneyDocument; id: NodeId } {
  const origin = positionOf(document, from);
  const taken = edgesOf(document).find((edge) => edge.from === from && handleOf(edge.kind, edge.path) === handle);
  const place =
    taken === undefined ? freePlace(document, { x: origin.x + STEP.x, y: origin.y }) : positionOf(document, taken.to);
  const added = add(document, node, place);
  if (taken === undefined) return { id: added.id, document: connect(added.document, from, handle, added.id) };
  return { id: added.id, document: insertOn(added.document, taken, added.id, firstHandle) };
}

/** Put an activity that stands alone between two: the arrow leads to it, and on from its first way, if it has one. */
export function insertOn(
  document: JourneyDocument,
  edge: JourneyEdge,
  id: NodeId,
  firstHandle: string | null,
): JourneyDocument {
  const name = edgeId(edge);
  const edges = edgesOf(document).map((one) => (edgeId(one) === name ? { ...one, to: id } : one));
  const moved = shiftRight(document, edge.to, id);
  const next = { ...moved, edges };
  return firstHandle === null ? next : connect(next, id, firstHandle, edge.to);
}

/** Draw an arrow; the members that a plain one leaves out are left out. */
export function connect(document: JourneyDocument, from: NodeId, handle: string, to: NodeId): JourneyDocument {
  const { kind, path } = wayOf(handle);
  const edge: JourneyEdge = { from, to };
  if (kind !== "default") edge.kind = kind;
  if (path !== undefined) edge.path = path;
  return { ...document, edges: [...edgesOf(document), edge] };
}

export function disconnect(document: JourneyDocument, ids: ReadonlySet<string>): JourneyDocument {
  return { ...document, edges: edgesOf(document).filter((edge) => !ids.has(edgeId(edge))) };
}

/** Take activities away. One with a single way in and out is bridged: who stood before leads to who stood behind. */
export function remove(document: JourneyDocument, ids: ReadonlySet<NodeId>): JourneyDocument {
  return [...ids].reduce(removeOne, document);
}

function removeOne(document: JourneyDocument, id: NodeId): JourneyDocument {
  if (document.nodes[id] === undefined) return document;
  const edges = edgesOf(document);
  const before = edges.filter((edge) => edge.to === id);
  const behind = [...new Set(edges.filter((edge) => edge.from === id).map((edge) => edge.to))];
  const kept = edges.filter((edge) => edge.from !== id && edge.to !== id);
  const only = behind[0];
  const bridges =
    behind.length === 1 && only !== undefined
      ? before
          .map((edge) => ({ ...edge, to: only }))
          .filter((edge) => edge.from !== only && !kept.some((one) => edgeId(one) === edgeId(edge)))
      : [];
  const { [id]: _gone, ...nodes } = document.nodes;
  const { [id]: _place, ...layout } = document.layout ?? {};
  // an arrow that is bridged keeps its place in the order, which decides races
  const next = edges.flatMap((edge) => {
    if (edge.to === id)
      return bridges.filter(
        (one) => one.from === edge.from && handleOf(one.kind, one.path) === handleOf(edge.kind, edge.path),
      );
    return edge.from === id ? [] : [edge];
  });
  const wasEntry = document.entry.node === id;
  const entry = wasEntry ? { ...document.entry, node: only ?? Object.keys(nodes)[0] ?? "" } : document.entry;
  return { ...document, entry, nodes, edges: next, layout };
}

/** Change an activity; arrows of paths that it has no more are taken away. */
export function replace(
  document: JourneyDocument,
  id: NodeId,
  node: JourneyNode,
  handles: ReadonlySet<string>,
): JourneyDocument {
  const edges = edgesOf(document).filter((edge) => edge.from !== id || handles.has(handleOf(edge.kind, edge.path)));
  const next = { ...document, nodes: { ...document.nodes, [id]: node } };
  return edges.length === edgesOf(document).length ? next : { ...next, edges };
}

/** Move activities to new places. */
export function place(document: JourneyDocument, positions: Readonly<Record<NodeId, Position>>): JourneyDocument {
  const rounded = Object.entries(positions).map(
    ([id, { x, y }]) => [id, { x: Math.round(x), y: Math.round(y) }] as const,
  );
  return { ...document, layout: { ...document.layout, ...Object.fromEntries(rounded) } };
}

/** What is put on the clipboard: activities, the arrows between them, and where they stood. */
export interface Clip {
  parcours: 1;
  nodes: Record<NodeId, JourneyNode>;
  edges: JourneyEdge[];
  positions: Record<NodeId, Position>;
}

export function copy(document: JourneyDocument, ids: ReadonlySet<NodeId>): Clip {
  const nodes = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => ids.has(id)));
  return {
    parcours: 1,
    nodes,
    edges: edgesOf(document).filter((edge) => ids.has(edge.from) && ids.has(edge.to)),
    positions: Object.fromEntries(Object.keys(nodes).map((id) => [id, positionOf(document, id)])),
  };
}

/** What a clipboard's text holds, if it is one of ours. */
export function readClip(text: string): Clip | null {
  try {
    const found = JSON.parse(text) as Clip;
    return found?.parcours === 1 && typeof found.nodes === "object" && Array.isArray(found.edges) ? found : null;
  } catch {
    return null;
  }
}

/** Paste activities under new ids, a little below where they stood or below everything. */
export function paste(document: JourneyDocument, clip: Clip): { document: JourneyDocument; ids: NodeId[] } {
  let next = document;
  const renamed = new Map<NodeId, NodeId>();
  for (const [id, node] of Object.entries(clip.nodes)) {
    const at = clip.positions[id] ?? { x: 0, y: 0 };
    const added = add(next, node, freePlace(next, { x: at.x + 40, y: at.y + 40 }));
    renamed.set(id, added.id);
    next = added.document;
  }
  const edges = clip.edges.flatMap((edge) => {
    const [from, to] = [renamed.get(edge.from), renamed.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ ...edge, from, to }];
  });
  const nodes = { ...next.nodes };
  for (const id of renamed.values()) {
    const node = nodes[id];
    const about = typeof node?.actionNodeId === "string" ? renamed.get(node.actionNodeId) : undefined;
    if (node !== undefined && about !== undefined) nodes[id] = { ...node, actionNodeId: about };
  }
  return { document: { ...next, nodes, edges: [...edgesOf(next), ...edges] }, ids: [...renamed.values()] };
}

export function positionOf(document: JourneyDocument, id: NodeId): Position {
  return (
    positionIn(document, id) ?? toCanvas(document).nodes.find((node) => node.id === id)?.position ?? { x: 0, y: 0 }
  );
}

/** The place itself, or the first below it where nothing stands. */
function freePlace(document: JourneyDocument, wanted: Position): Position {
  const taken = toCanvas(document).nodes.map((node) => node.position);
  const isFree = (y: number) => !taken.some((at) => Math.abs(at.x - wanted.x) < 200 && Math.abs(at.y - y) < 90);
  // one more row than there are activities: one of them is free
  const row = taken.findIndex((_, index) => isFree(wanted.y + index * 110));
  return { x: wanted.x, y: wanted.y + (row < 0 ? taken.length : row) * 110 };
}

/** Make room: everything from an activity on stands one column further. */
function shiftRight(document: JourneyDocument, from: NodeId, except: NodeId): JourneyDocument {
  const moved = reachable(document, from);
  moved.delete(except);
  const layout = { ...document.layout };
  for (const id of moved) {
    const { x, y } = positionOf(document, id);
    layout[id] = { x: x + STEP.x, y };
  }
  return { ...document, layout };
}
