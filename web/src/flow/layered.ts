import type { JourneyEdge, NodeId, Position } from "./document";

const COLUMN = 300;
const ROW = 130;
const HEAD = 50;
const WAY = 22;
const GAP = 24;

/** Rows that an activity with so many named paths takes: it shows a line for each, and for two ways besides. */
export const rowsFor = (paths: number): number => (paths === 0 ? 1 : Math.ceil((HEAD + WAY * (paths + 2) + GAP) / ROW));

/**
 * A place for each activity: columns by the longest way from the entry, rows in the order of the arrows.
 *
 * rowsOf: how many rows an activity is high.
 *
 * Used where a document says nothing; `tidy` (ELK) makes the finer layout that a person asks for. Deterministic.
 */
export function layered(
  ids: readonly NodeId[],
  edges: readonly JourneyEdge[],
  entry: NodeId,
  rowsOf: (id: NodeId) => number = () => 1,
): Record<NodeId, Position> {
  const known = new Set(ids);
  const next = new Map<NodeId, NodeId[]>();
  for (const { from, to } of edges)
    if (known.has(from) && known.has(to)) next.set(from, [...(next.get(from) ?? []), to]);
  const column = columns(ids, next, entry);
  const rows = new Map<number, number>();
  const places: Record<NodeId, Position> = {};
  const seen = new Set<NodeId>();
  const visit = (id: NodeId, least: number): void => {
    if (seen.has(id)) return;
    seen.add(id);
    const x = column.get(id) ?? 0;
    const row = Math.max(rows.get(x) ?? 0, least);
    rows.set(x, row + rowsOf(id));
    places[id] = { x: x * COLUMN, y: row * ROW };
    for (const [index, to] of (next.get(id) ?? []).entries()) visit(to, row + index);
  };
  if (known.has(entry)) visit(entry, 0);
  for (const id of ids) visit(id, Math.max(0, ...rows.values()));
  return places;
}

function columns(ids: readonly NodeId[], next: Map<NodeId, NodeId[]>, entry: NodeId): Map<NodeId, number> {
  const column = new Map<NodeId, number>();
  const open = new Set<NodeId>();
  /** Depth of everything behind `id`; an arrow that leads back counts for nothing. */
  const order: NodeId[] = [];
  const done = new Set<NodeId>();
  const sort = (id: NodeId): void => {
    if (done.has(id) || open.has(id)) return;
    open.add(id);
    for (const to of next.get(id) ?? []) sort(to);
    open.delete(id);
    done.add(id);
    order.push(id);
  };
  sort(entry);
  for (const id of ids) sort(id);
  const place = new Map(order.map((id, index) => [id, index]));
  for (const id of order.reverse()) {
    const own = column.get(id) ?? 0;
    column.set(id, own);
    for (const to of next.get(id) ?? []) {
      const isForward = (place.get(to) ?? 0) < (place.get(id) ?? 0);
      if (isForward) column.set(to, Math.max(column.get(to) ?? 0, own + 1));
    }
  }
  return column;
}
