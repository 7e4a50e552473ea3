import Icon from "@spectrum-icons/workflow/Beaker";
import type { JourneyNode } from "@/flow/document";
import { JsonForm } from "../JsonForm";
import type { ActivityKind, Translate, Way } from "../kind";
import { pathsOf, textOf } from "../ways";

export function waysOf(node: JourneyNode, t: Translate): Way[] {
  const paths = pathsOf(node).map(
    (path, index): Way => ({
      kind: "path",
      path: path.id,
      label: path.label || t("activities.way.treatment", { letter: String.fromCharCode(65 + index) }),
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
  Form: JsonForm,
};
