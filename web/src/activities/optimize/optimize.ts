import Icon from "@spectrum-icons/workflow/Beaker";
import type { JourneyNode } from "@/flow/document";
import type { ActivityKind, Translate, Way } from "../kind";
import { lazyForm } from "../lazyForm";
import { numberOf, type Problems, withMembers } from "../members";
import { distributed, keptMembers, type Path, totalOf } from "../paths";
import { isWithoutRule } from "../rulePaths";
import { pathsOf, textOf } from "../ways";

export const OPTIMIZE_TYPES = ["experiment", "targeting"] as const;
export type OptimizeType = (typeof OPTIMIZE_TYPES)[number];

export const optimizeTypeOf = (node: JourneyNode): OptimizeType =>
  node.optimizeType === "targeting" ? "targeting" : "experiment";

/** What a treatment without a label is called: A, B … */
export const letterOf = (index: number): string => String.fromCharCode(65 + index);

/** It as one of the other type: its paths stay, with what that type has. */
export function ofType(node: JourneyNode, type: OptimizeType): JourneyNode {
  const paths = pathsOf(node) as Path[];
  const changed =
    type === "experiment"
      ? distributed(paths.map((path) => keptMembers(path, [])))
      : paths.map((path) => ({ expression: "", ...keptMembers(path, ["expression"]) }));
  return withMembers(node, {
    optimizeType: type,
    paths: changed,
    holdout: undefined,
    experimentType: undefined,
    exploration: undefined,
    recalculateDays: undefined,
    scaleWinner: undefined,
    dynamicValues: type === "targeting" ? node.dynamicValues : undefined,
  });
}

/** What is wrong with it that can be told at once, by member or path. */
export function checkOptimize(node: JourneyNode): Problems {
  const paths = pathsOf(node) as Path[];
  if (optimizeTypeOf(node) === "experiment") {
    return totalOf(paths, numberOf(node.holdout)) === 100 ? {} : { paths: "activities.problem.shares" };
  }
  const empty = paths.filter(isWithoutRule);
  return Object.fromEntries(empty.map((path) => [path.id, "activities.problem.empty"]));
}

export function waysOf(node: JourneyNode, t: Translate): Way[] {
  const paths = pathsOf(node).map(
    (path, index): Way => ({
      kind: "path",
      path: path.id,
      label: path.label || t("activities.way.treatment", { letter: letterOf(index) }),
    }),
  );
  const rest = node.optimizeType === "targeting" ? "activities.way.other" : "activities.way.holdout";
  return [...paths, { kind: "other", label: t(rest) }, { kind: "error", label: t("activities.way.error") }];
}

/** An experiment, which draws a way for each individual once and for all, or targeting by rules. */
export const optimize: ActivityKind = {
  type: "optimize",
  group: "orchestration",
  icon: Icon,
  create: () => ({
    type: "optimize",
    optimizeType: "experiment",
    paths: [
      { id: "a", percentage: 50 },
      { id: "b", percentage: 50 },
    ],
  }),
  ways: waysOf,
  summary: (node, _names, t) => t(`activities.optimize.${textOf(node.optimizeType) || "experiment"}`),
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: lazyForm(async () => (await import("./OptimizeForm")).OptimizeForm),
};
