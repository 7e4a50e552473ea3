import type { JourneyNode } from "@/flow/document";
import type { Translate, Way } from "./kind";

/** What several kinds have in common. */
interface Path {
  id: string;
  label?: string;
}

/** The paths of a condition or an optimize, however unfinished the node is. */
export function pathsOf(node: JourneyNode): Path[] {
  return Array.isArray(node.paths) ? node.paths.filter((path): path is Path => typeof path?.id === "string") : [];
}

const onward: Way = { kind: "default", label: "" };

/** The plain way on alone. */
export const oneWay = (): Way[] => [onward];

/** The plain way on, and the one for a failure. */
export const withErrorWay = (_node: JourneyNode, t: Translate): Way[] => [
  onward,
  { kind: "error", label: t("activities.way.error") },
];

/** The plain way on and, where the timeout has a path, that one. */
export function withTimeoutWay(node: JourneyNode, t: Translate): Way[] {
  const timeout = timeoutOf(node);
  return timeout?.path === true ? [onward, { kind: "timeout", label: t("activities.way.timeout") }] : [onward];
}

interface Span {
  value?: number;
  unit?: string;
  path?: boolean;
}

export function timeoutOf(node: JourneyNode): Span | null {
  return typeof node.timeout === "object" && node.timeout !== null ? (node.timeout as Span) : null;
}

/** A span as the canvas says it: “2 days”. */
export function spanText(span: unknown, t: Translate): string {
  const { value, unit } = (typeof span === "object" && span !== null ? span : {}) as Span;
  if (typeof value !== "number" || typeof unit !== "string") return "";
  return t(`activities.span.${unit}`, { count: value });
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
