import type { JourneyDocument, NodeId } from "@/flow/document";
import { edgeId, edgesOf, handleOf } from "@/flow/graph";
import { handleOfTransition } from "../live/counters";
import type { Layer } from "../overlay";

/** One thing that happened to a customer of a simulation. */
export interface TrialStep {
  nodeId: NodeId;
  /** ISO. */
  at: string;
  kind: string;
  status: string;
  transition?: string;
  processed?: boolean;
  instanceEnded?: boolean;
  detail?: unknown;
}

export interface TrialCustomer {
  key: string;
  state: string;
  nodeId: NodeId | null;
  entrances: number;
  steps: TrialStep[];
  sent: { at: string; nodeId: NodeId; action: string; parameters?: unknown }[];
  refused: { at: string; event: string; reason: string }[];
}

/** What a simulation tells (docs/reference/journeys-api.md, Simulations). */
export interface Outcome {
  start: string;
  end: string;
  entered: number;
  ended: Record<string, number>;
  refused: Record<string, number>;
  counts: Record<NodeId, { in: number; waiting: number; out: number; errors: number }>;
  paths: { from: NodeId; transition: string; to: NodeId; passed: number }[];
  customerCount: number;
  customers: TrialCustomer[];
}

/** Somebody is at a node from a moment on; `by` is the arrow they came along, null `node`: they have left. */
interface Move {
  atMs: number;
  node: NodeId | null;
  by: string | null;
  isError: boolean;
}

/** The stays of everybody whose steps are told, as moves in order of time. */
export interface Replay {
  stays: Move[][];
  startMs: number;
  /** The last thing that happens. */
  endMs: number;
}

const GOOD = new Set(["ended", "transitions"]);

/** Prepares an outcome for being looked at moment by moment. */
export function replayOf(document: JourneyDocument, outcome: Outcome): Replay {
  const arrows = new Map<string, { id: string; to: NodeId }[]>();
  for (const edge of edgesOf(document)) {
    const way = `${edge.from}|${handleOf(edge.kind, edge.path)}`;
    arrows.set(way, [...(arrows.get(way) ?? []), { id: edgeId(edge), to: edge.to }]);
  }
  const stays = outcome.customers.flatMap(({ steps }) => staysOf(steps, document.entry.node));
  const told = stays.map((steps) => steps.flatMap((step) => movesOf(step, arrows, document.entry.node)));
  const startMs = Date.parse(outcome.start);
  const endMs = told.reduce((latest, moves) => Math.max(latest, moves.at(-1)?.atMs ?? 0), startMs);
  return { stays: told, startMs, endMs };
}

/** The steps of one customer, a list for each entrance. */
function staysOf(steps: readonly TrialStep[], entry: NodeId): TrialStep[][] {
  const stays: TrialStep[][] = [];
  let previous: TrialStep | null = null;
  for (const step of steps) {
    const isNew = previous === null || (step.nodeId === entry && (previous.nodeId !== entry || hasGone(previous)));
    if (isNew) stays.push([]);
    stays.at(-1)?.push(step);
    previous = step;
  }
  return stays;
}

const hasGone = (step: TrialStep) => step.transition !== undefined || step.instanceEnded === true;

function movesOf(step: TrialStep, arrows: Map<string, { id: string; to: NodeId }[]>, entry: NodeId): Move[] {
  const atMs = Date.parse(step.at);
  const isError = step.processed !== false && !GOOD.has(step.status);
  const here: Move[] = [];
  if (step.nodeId === entry || isError) here.push({ atMs, node: step.nodeId, by: null, isError });
  if (step.transition !== undefined) {
    const next = arrows.get(`${step.nodeId}|${handleOfTransition(step.transition)}`) ?? [];
    // where several stand side by side behind one way, whoever waits for the first of them is shown at the last
    for (const { id, to } of next) here.push({ atMs, node: to, by: id, isError: false });
  }
  if (step.instanceEnded === true) here.push({ atMs, node: null, by: null, isError: false });
  return here;
}

/** How many came along each arrow and to each activity until a moment, and how many stand there then. */
export function replayAt(replay: Replay, atMs: number) {
  const [arrived, standing, errors, passed] = [tally(), tally(), tally(), tally()];
  for (const moves of replay.stays) {
    let at: NodeId | null = null;
    for (const move of moves) {
      if (move.atMs > atMs) break;
      if (move.isError && move.node !== null) errors.add(move.node);
      if (move.by !== null) passed.add(move.by);
      if (move.node !== null && move.node !== at) arrived.add(move.node);
      at = move.node;
    }
    if (at !== null) standing.add(at);
  }
  return { arrived: arrived.counts, standing: standing.counts, errors: errors.counts, passed: passed.counts };
}

/** A moment on the canvas. `count` writes a number as the person reads it. */
export function replayLayer(replay: Replay, atMs: number, count: (value: number) => string): Layer {
  const { arrived, standing, errors, passed } = replayAt(replay, atMs);
  return {
    nodes: Object.fromEntries(
      [...arrived].map(([id, value]) => {
        const here = standing.get(id) ?? 0;
        const tone = errors.has(id) ? "negative" : here > 0 ? "informative" : "neutral";
        return [id, { badge: count(value), tone, tokens: here } as const];
      }),
    ),
    edges: Object.fromEntries([...passed].map(([id, value]) => [id, { label: count(value) }])),
  };
}

function tally() {
  const counts = new Map<string, number>();
  return { counts, add: (key: string) => void counts.set(key, (counts.get(key) ?? 0) + 1) };
}
