import type { JourneyDocument, JourneyNode, NodeId } from "@/flow/document";
import { numberOf, objectOf, type Problems, pruned, textsOf, withMembers } from "../members";
import { textOf } from "../ways";

export const SCHEDULES = ["asap", "once", "daily", "weekly", "monthly"] as const;
export type ScheduleType = (typeof SCHEDULES)[number];
export { WEEKDAYS } from "../weekdays";
export const RECURRING: ReadonlySet<ScheduleType> = new Set(["daily", "weekly", "monthly"] as const);

const MEMBERS: Record<ScheduleType, string[]> = {
  asap: [],
  once: ["startDate"],
  daily: ["startDate", "endDate", "time", "interval"],
  weekly: ["startDate", "endDate", "time", "interval", "days"],
  monthly: ["startDate", "endDate", "time", "interval", "daysOfMonth"],
};
const DEFAULTS: Partial<Record<ScheduleType, object>> = {
  weekly: { days: ["monday"] },
  monthly: { daysOfMonth: [1] },
};

export const scheduleOf = (node: JourneyNode) => objectOf(node.schedule);

export const scheduleTypeOf = (node: JourneyNode): ScheduleType =>
  SCHEDULES.find((type) => type === scheduleOf(node).type) ?? "asap";

/** The node on another schedule, with what goes with that one alone. */
export function onSchedule(node: JourneyNode, type: ScheduleType): JourneyNode {
  const before = scheduleOf(node);
  const kept = Object.fromEntries(MEMBERS[type].map((member) => [member, before[member]]));
  const schedule = type === "asap" ? undefined : pruned({ type, ...DEFAULTS[type], ...pruned(kept) });
  const changes: Record<string, unknown> = { schedule };
  if (!RECURRING.has(type)) Object.assign(changes, { incremental: undefined, forceReentrance: undefined });
  if (type !== "daily") changes.waitForAudienceHours = undefined;
  if (RECURRING.has(type)) changes.waves = undefined;
  return withMembers(node, changes);
}

/** The node with members of its schedule changed. */
export function withSchedule(node: JourneyNode, changes: Record<string, unknown>): JourneyNode {
  return withMembers(node, { schedule: pruned({ ...scheduleOf(node), ...changes }) });
}

/** Whether it is the first activity: only then it has a schedule; after a business event each event begins a run. */
export const isFirst = (document: JourneyDocument, nodeId: NodeId): boolean => document.entry.node === nodeId;

/** What is wrong with it that can be told at once. */
export function checkReadAudience(node: JourneyNode): Problems {
  const problems: Problems = {};
  const type = scheduleTypeOf(node);
  const { startDate, endDate, days, daysOfMonth } = scheduleOf(node);
  if (type === "once" && textOf(startDate) === "") problems.startDate = "activities.problem.empty";
  if (textOf(startDate) !== "" && textOf(endDate) !== "" && textOf(endDate) <= textOf(startDate)) {
    problems.endDate = "activities.problem.endBeforeStart";
  }
  if (type === "weekly" && textsOf(days).length === 0) problems.days = "activities.problem.oneAtLeast";
  if (type === "monthly" && (!Array.isArray(daysOfMonth) || daysOfMonth.length === 0)) {
    problems.daysOfMonth = "activities.problem.oneAtLeast";
  }
  const rate = numberOf(node.throttlingRate) ?? 5_000;
  if (rate < 500 || rate > 20_000) problems.throttlingRate = "activities.problem.rate";
  return problems;
}
