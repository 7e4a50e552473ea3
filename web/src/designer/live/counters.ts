import type { JourneyDocument, NodeId } from "@/flow/document";
import { edgeId, edgesOf, handleOf } from "@/flow/graph";
import type { EdgeOverlay, NodeOverlay, Tone } from "../overlay";

/** Counters of one activity since the version was published (docs/reference/reports.md, Live counters). */
export interface NodeCounters {
  arrived: number;
  /** Stand there now. */
  current: number;
  errors: number;
  /** Whose journey ended there. */
  ended: number;
  /** By the transition they left by: `default`, `path:<id>`, `other`, `timeout`, `error`. */
  left: Record<string, number>;
}

export interface Counters {
  entered: number;
  current: number;
  completed: number;
  failed: number;
  timedOut: number;
  stopped: number;
  exitedByCriteria: number;
  discarded: number;
  nodes: Record<NodeId, NodeCounters>;
  /** `share`: the present percentage of a path of an experiment, where it isn't the document's any more. */
  edges: { from: NodeId; transition: string; to: NodeId; passed: number; share?: number }[];
}

/** From this share on of those who arrived and went no further, where there is a way on, an activity is coloured. */
const NOTABLE_LOSS = 0.1;
const GREAT_LOSS = 0.5;

/** The share of those who came to an activity and left the journey there although a way leads on; 0 at an end. */
export function lossAt(counters: NodeCounters, hasWayOn: boolean): number {
  if (!hasWayOn || counters.arrived === 0) return 0;
  const gone =
    counters.arrived - counters.current - Object.values(counters.left).reduce((sum, count) => sum + count, 0);
  return Math.max(0, gone) / counters.arrived;
}

function toneOf(counters: NodeCounters, hasWayOn: boolean): Tone {
  const loss = Math.max(lossAt(counters, hasWayOn), counters.arrived === 0 ? 0 : counters.errors / counters.arrived);
  if (loss >= GREAT_LOSS) return "negative";
  if (loss >= NOTABLE_LOSS) return "notice";
  return counters.current > 0 ? "informative" : "neutral";
}

/** What counters draw on the canvas. `count` writes a number as the person reads it, `here` how many stand there. */
export function overlayOf(
  counters: Counters,
  document: JourneyDocument,
  count: (value: number) => string,
  here: (value: number) => string,
): { nodes: Record<NodeId, NodeOverlay>; edges: Record<string, EdgeOverlay> } {
  const edges = edgesOf(document);
  const withWayOn = new Set(edges.map((edge) => edge.from));
  const nodes: Record<NodeId, NodeOverlay> = {};
  for (const [id, of] of Object.entries(counters.nodes)) {
    if (document.nodes[id] === undefined) continue;
    const badge = of.current > 0 ? `${count(of.arrived)} · ${here(of.current)}` : count(of.arrived);
    nodes[id] = { badge, tone: toneOf(of, withWayOn.has(id)) };
  }
  const passed = new Map(
    counters.edges.map((edge) => [`${edge.from}|${handleOfTransition(edge.transition)}|${edge.to}`, edge]),
  );
  const labels = edges.flatMap((edge): [string, EdgeOverlay][] => {
    const of = passed.get(edgeId(edge));
    if (of === undefined) return [];
    const share = of.share === undefined ? "" : ` · ${count(of.share)} %`;
    return [[edgeId(edge), { label: `${count(of.passed)}${share}` }]];
  });
  return { nodes, edges: Object.fromEntries(labels) };
}

/** The handle of the way that a transition's name says: `path:vip` → `path|vip`. */
export function handleOfTransition(transition: string): string {
  const [kind = "default", ...path] = transition.split(":");
  return handleOf(kind as Parameters<typeof handleOf>[0], path.length === 0 ? undefined : path.join(":"));
}
