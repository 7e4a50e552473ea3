import Icon from "@spectrum-icons/workflow/Hand";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { withTimeoutWay } from "../ways";

const SENDING = new Set(["message", "customAction"]);

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
  Form: JsonForm,
};
