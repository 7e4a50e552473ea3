import Icon from "@spectrum-icons/workflow/Branch2";
import type { JourneyNode } from "@/flow/document";
import type { ActivityKind, Translate, Way } from "../kind";
import { lazyForm } from "../lazyForm";
import { objectOf, type Problems, withMembers } from "../members";
import { distributed, freePathId, keptMembers, type Path, totalOf } from "../paths";
import { isWithoutRule } from "../rulePaths";
import { pathsOf, textOf } from "../ways";

export const CONDITION_TYPES = ["dataSource", "split", "time", "date", "profileCap"] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Types of conditions without a way for everyone else: their paths take everybody. */
export const EXHAUSTIVE: ReadonlySet<string> = new Set<ConditionType>(["split", "profileCap"]);

const MEMBERS: Record<ConditionType, string[]> = {
  dataSource: ["expression"],
  split: ["percentage"],
  time: ["hours", "days"],
  date: ["from", "to"],
  profileCap: [],
};

export const conditionTypeOf = (node: JourneyNode): ConditionType =>
  CONDITION_TYPES.find((type) => type === node.conditionType) ?? "dataSource";

/** What a new path of a type has; `today` is a day as `2026-01-31`. */
export function newPath(type: ConditionType, today: string): Omit<Path, "id"> {
  if (type === "dataSource") return { expression: "" };
  if (type === "split") return { percentage: 0 };
  if (type === "time") return { hours: { from: "09:00", to: "17:00" } };
  return type === "date" ? { from: today } : {};
}

/** The condition as one of another type: its paths stay, with what that type has. */
export function ofType(node: JourneyNode, type: ConditionType, today: string): JourneyNode {
  let paths: Path[] = (pathsOf(node) as Path[]).map((path) => ({
    ...keptMembers(path, []),
    ...newPath(type, today),
    ...keptMembers(path, MEMBERS[type]),
  }));
  if (type === "profileCap") {
    while (paths.length < 2) paths.push({ id: freePathId(paths) });
    paths = paths.slice(0, 2);
  }
  if (type === "split") paths = distributed(paths);
  return withMembers(node, {
    conditionType: type,
    paths,
    otherPath: EXHAUSTIVE.has(type) ? undefined : (node.otherPath ?? true),
    limit: type === "profileCap" ? 1_000 : undefined,
    dynamicValues: type === "dataSource" ? node.dynamicValues : undefined,
  });
}

/** What is wrong with it that can be told at once, by member or path. */
export function checkCondition(node: JourneyNode): Problems {
  const type = conditionTypeOf(node);
  const paths = pathsOf(node) as Path[];
  const problems: Problems = {};
  if (type === "split" && totalOf(paths) !== 100) problems.paths = "activities.problem.shares";
  if (type === "profileCap" && paths.length !== 2) problems.paths = "activities.problem.twoPaths";
  for (const path of paths) {
    if (type === "dataSource" && isWithoutRule(path)) problems[path.id] = "activities.problem.empty";
    const { from, to } = type === "time" ? objectOf(path.hours) : path;
    if (type === "time" && path.hours !== undefined && from === to) problems[path.id] = "activities.problem.emptyHours";
    if (type !== "date") continue;
    if (from === undefined && to === undefined) problems[path.id] = "activities.problem.noDate";
    else if (textOf(from) !== "" && textOf(to) !== "" && textOf(to) < textOf(from)) {
      problems[path.id] = "activities.problem.endBeforeStart";
    }
  }
  return problems;
}

export function waysOf(node: JourneyNode, t: Translate): Way[] {
  const paths = pathsOf(node).map(
    (path, index): Way => ({
      kind: "path",
      path: path.id,
      label: path.label || t("activities.way.path", { number: index + 1 }),
    }),
  );
  const type = textOf(node.conditionType) || "dataSource";
  if (node.otherPath === true && !EXHAUSTIVE.has(type)) paths.push({ kind: "other", label: t("activities.way.other") });
  return [...paths, { kind: "error", label: t("activities.way.error") }];
}

/** Who takes which way: by data, chance, time, date or a cap. */
export const condition: ActivityKind = {
  type: "condition",
  group: "orchestration",
  icon: Icon,
  create: () => ({ type: "condition", paths: [{ id: "path1", expression: "" }], otherPath: true }),
  ways: waysOf,
  summary: (node, _names, t) => t(`activities.condition.${textOf(node.conditionType) || "dataSource"}`),
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: lazyForm(async () => (await import("./ConditionForm")).ConditionForm),
};
