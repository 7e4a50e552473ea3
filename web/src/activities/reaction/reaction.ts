import Icon from "@spectrum-icons/workflow/Hand";
import type { JourneyDocument, NodeId } from "@/flow/document";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { withTimeoutWay } from "../ways";

export const REACTIONS = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "failed",
  "bounced",
  "unsubscribed",
  "replied",
] as const;
/** A reaction shorter than this is refused: feedback takes its time. */
export const LEAST_TIMEOUT_S = 40;

const SENDING = new Set(["message", "customAction"]);

/** The activities that a reaction at this node may be about: those right before it that send. */
export function sendersBefore(document: JourneyDocument, nodeId: NodeId): NodeId[] {
  const before = (document.edges ?? []).filter((edge) => edge.to === nodeId).map((edge) => edge.from);
  return [...new Set(before)].filter((id) => SENDING.has(document.nodes[id]?.type ?? ""));
}

/** What becomes of the message right before it. */
export const reaction: ActivityKind = {
  type: "reaction",
  group: "events",
  icon: Icon,
  create: () => ({ type: "reaction", reactions: ["opened"] }),
  ways: withTimeoutWay,
  summary: (node, _names, t) =>
    Array.isArray(node.reactions) ? node.reactions.map((name) => t(`activities.reaction.${name}`)).join(", ") : "",
  canBegin: false,
  canFollow: (previous) => previous !== null && SENDING.has(previous.type),
  Form: lazyForm(async () => (await import("./ReactionForm")).ReactionForm),
};
