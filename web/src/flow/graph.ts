import {
  type CanvasComment,
  COMMENTS,
  type EdgeKind,
  type JourneyDocument,
  type JourneyEdge,
  type JourneyNode,
  type NodeId,
  type Position,
} from "./document";
import { layered, rowsFor } from "./layered";

/** An activity on the canvas. */
export interface CanvasNode {
  id: NodeId;
  node: JourneyNode;
  position: Position;
}

/** An arrow on the canvas; it leaves its node at the handle of a way. */
export interface CanvasEdge {
  id: string;
  from: NodeId;
  to: NodeId;
  way: string;
  /** As the document has it. */
  edge: JourneyEdge;
}

export interface Canvas {
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  comments: CanvasComment[];
}

/** Name of the handle at which the arrows of a way begin. */
export const handleOf = (kind: EdgeKind | undefined, path: string | undefined): string =>
  `${kind ?? "default"}|${path ?? ""}`;

/** Kind and path of a handle. */
export function wayOf(handle: string): { kind: EdgeKind; path?: string } {
  const [kind = "default", ...path] = handle.split("|");
  const id = path.join("|");
  return id === "" ? { kind: kind as EdgeKind } : { kind: kind as EdgeKind, path: id };
}

/** The one name of an arrow: `from|kind|path|to`. */
export const edgeId = (edge: JourneyEdge): string => `${edge.from}|${handleOf(edge.kind, edge.path)}|${edge.to}`;

/** What the canvas shows of a document. Activities without a position get one; the same document gives the same canvas. */
export function toCanvas(document: JourneyDocument): Canvas {
  const known = Object.entries(document.nodes);
  const isWhole = known.every(([id]) => positionIn(document, id) !== null);
  const placed = isWhole ? {} : placeMissing(document);
  return {
    nodes: known.map(([id, node]) => ({
      id,
      node,
      position: positionIn(document, id) ?? placed[id] ?? { x: 0, y: 0 },
    })),
    edges: edgesOf(document).map((edge) => ({
      id: edgeId(edge),
      from: edge.from,
      to: edge.to,
      way: handleOf(edge.kind, edge.path),
      edge,
    })),
    comments: commentsOf(document),
  };
}

/**
 * The document that a canvas stands for: `base` with the canvas's activities, arrows, positions and comments.
 *
 * A canvas that was not touched gives the text of `base` again, byte for byte.
 */
export function fromCanvas(base: JourneyDocument, canvas: Canvas): JourneyDocument {
  const before = toCanvas(base);
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const layout: Record<string, unknown> = { ...base.layout };
  for (const { id } of before.nodes) if (!canvas.nodes.some((node) => node.id === id)) delete layout[id];
  for (const { id, position } of canvas.nodes) {
    const was = old.get(id)?.position;
    if (was === undefined || was.x !== position.x || was.y !== position.y)
      layout[id] = { ...record(layout[id]), ...position };
  }
  if (canvas.comments !== before.comments && !isSame(canvas.comments, before.comments)) {
    if (canvas.comments.length === 0) delete layout[COMMENTS];
    else layout[COMMENTS] = canvas.comments;
  }
  const next: JourneyDocument = { ...base, nodes: Object.fromEntries(canvas.nodes.map(({ id, node }) => [id, node])) };
  if (base.edges !== undefined || canvas.edges.length > 0) next.edges = canvas.edges.map(({ edge }) => edge);
  if (base.layout !== undefined || Object.keys(layout).length > 0) next.layout = layout;
  return next;
}

export const edgesOf = (document: JourneyDocument): JourneyEdge[] => document.edges ?? [];

/** Where an activity stands, if the document says so. */
export function positionIn(document: JourneyDocument, id: NodeId): Position | null {
  const found = record(document.layout?.[id]);
  return typeof found.x === "number" && typeof found.y === "number" ? { x: found.x, y: found.y } : null;
}

/** Each arrow with its place among those between the same two activities: -0.5 and 0.5 of two, 0 of one. */
export function lanes<T extends { from: NodeId; to: NodeId }>(edges: readonly T[]): (T & { lane: number })[] {
  return edges.map((edge) => {
    const group = edges.filter(({ from, to }) => from === edge.from && to === edge.to);
    return { ...edge, lane: group.indexOf(edge) - (group.length - 1) / 2 };
  });
}

export function commentsOf(document: JourneyDocument): CanvasComment[] {
  const found = document.layout?.[COMMENTS];
  return Array.isArray(found) ? (found as CanvasComment[]) : [];
}

function placeMissing(document: JourneyDocument): Record<NodeId, Position> {
  const rowsOf = (id: NodeId) => {
    const paths = document.nodes[id]?.paths;
    return rowsFor(Array.isArray(paths) ? paths.length : 0);
  };
  const places = layered(Object.keys(document.nodes), edgesOf(document), document.entry.node, rowsOf);
  const anchored = Object.keys(document.nodes)
    .map((id) => positionIn(document, id))
    .filter((place) => place !== null);
  if (anchored.length === 0) return places;
  // beside what has been placed by hand nothing is moved: what lacks a place goes below everything
  const bottom = Math.max(...anchored.map((place) => place.y)) + 200;
  return Object.fromEntries(Object.entries(places).map(([id, place]) => [id, { x: place.x, y: place.y + bottom }]));
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
