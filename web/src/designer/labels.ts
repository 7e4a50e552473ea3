import type { Names, Translate } from "@/activities/kind";
import { KINDS } from "@/activities/registry";
import type { JourneyNode, NodeId } from "@/flow/document";

/** What an activity is called on the canvas: its label, else what it is about, else its kind. */
export function titleOf(node: JourneyNode, names: Names, t: Translate): string {
  if (typeof node.label === "string" && node.label !== "") return node.label;
  return t(`activities.${node.type}.name`) || KINDS[node.type].summary(node, names, t);
}

/** The same for somebody who hears it: with the id where two would sound alike. */
export function spokenTitle(id: NodeId, node: JourneyNode, names: Names, t: Translate): string {
  const summary = KINDS[node.type].summary(node, names, t);
  return [titleOf(node, names, t), summary, id].filter((text) => text !== "").join(", ");
}
