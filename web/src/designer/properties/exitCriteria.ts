import type { Path } from "@/activities/paths";
import { textOf } from "@/activities/ways";

/** What takes an individual out wherever they are (docs/reference/journey-document.md): an event, or an audience. */
export type ExitCriterion = Path;

export type By = "event" | "audience";
export const BYS: readonly By[] = ["event", "audience"];
export const MOST = 50;

export const byOf = (criterion: ExitCriterion): By => (criterion.audienceId === undefined ? "event" : "audience");

/** A new criterion; which event it is still has to be said. */
export const newCriterion = (): Omit<ExitCriterion, "id"> => ({ eventUid: "" });

/** What changes so that a criterion is of the other kind. */
export const ofKind = (by: By): Record<string, unknown> =>
  by === "event"
    ? { eventUid: "", audienceId: undefined, verbs: undefined }
    : { audienceId: "", eventUid: undefined, expression: undefined };

/** What an event or an audience is chosen with; the expression was over another payload. */
export const withEvent = (criterion: ExitCriterion, eventUid: string): Record<string, unknown> =>
  eventUid === textOf(criterion.eventUid) ? {} : { eventUid, expression: undefined };

/** The criteria of a document, each with an id. */
export function criteriaOf(value: unknown): ExitCriterion[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (one): one is ExitCriterion => typeof one === "object" && one !== null && typeof one.id === "string",
  );
}
