import type { NodeId } from "@/flow/document";

export const PANELS = [
  "node",
  "people",
  "properties",
  "simulate",
  "backtest",
  "test",
  "dryRun",
  "approval",
  "faults",
  "none",
] as const;
export type PanelKind = (typeof PANELS)[number];

/** What of the designer stands in the address. */
export interface DesignerSearch {
  /** What is open beside the canvas; left out: what comes by itself. `none`: nothing, although something would. */
  panel?: PanelKind;
  /** The activity that the panel is about or, where it is about none, the one selected. */
  node?: NodeId;
  /** Ids of the data sets that a backtest reads; left out: all that hold the journey's events. */
  data?: string[];
  /** The time that it replays, see `periodOf`. */
  period?: string;
}

export type Panel = { kind: Exclude<PanelKind, "node" | "people" | "none"> } | { kind: "node"; id: NodeId } | PeopleOf;
type PeopleOf = { kind: "people"; id: NodeId | null } | null;

const MOST = 20;
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** What an address says of the designer; what it can't say is left out. */
export function readDesignerSearch(search: Record<string, unknown>): DesignerSearch {
  const data = Array.isArray(search.data) ? search.data.filter((one) => typeof one === "string").slice(0, MOST) : [];
  return {
    panel: PANELS.find((one) => one === search.panel),
    node: text(search.node),
    data: data.length > 0 ? data : undefined,
    period: text(search.period),
  };
}

/** The panel that an address shows. A test or dry run that is under way is what one comes to see. */
export function panelOf({ panel, node }: DesignerSearch, status: string): Panel {
  if (panel === "none") return null;
  if (panel === "node") return node === undefined ? null : { kind: "node", id: node };
  if (panel === "people") return { kind: "people", id: node ?? null };
  return panel === undefined ? byItself(status) : { kind: panel };
}

/** How a panel stands in the address. selected: the activity selected on the canvas, if it is one. */
export function searchOf(panel: Panel, status: string, selected: NodeId | undefined): DesignerSearch {
  if (panel === null) return { panel: byItself(status) === null ? undefined : "none", node: selected };
  if (panel.kind === "node" || panel.kind === "people") return { panel: panel.kind, node: panel.id ?? undefined };
  return { panel: panel.kind, node: selected };
}

function byItself(status: string): Panel {
  if (status === "Testing") return { kind: "test" };
  if (status === "In Review") return { kind: "approval" };
  return status === "Dry Run" ? { kind: "dryRun" } : null;
}
