import Icon from "@spectrum-icons/workflow/Branch2";
import type { JourneyNode } from "@/flow/document";
import { JsonForm } from "../JsonForm";
import type { ActivityKind, Translate, Way } from "../kind";
import { pathsOf, textOf } from "../ways";

/** Types of conditions without a way for everyone else: their paths take everybody. */
const EXHAUSTIVE = new Set(["split", "profileCap"]);

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
  Form: JsonForm,
};
