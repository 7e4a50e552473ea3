import Icon from "@spectrum-icons/workflow/Email";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { textOf, withErrorWay } from "../ways";

/** Sends an e-mail, a text message or a push notification. */
export const message: ActivityKind = {
  type: "message",
  group: "actions",
  icon: Icon,
  create: () => ({ type: "message", channel: "email", templateUid: "" }),
  ways: withErrorWay,
  summary: (node, names, t) => {
    const template = names.template(textOf(node.templateUid));
    const channel = t(`activities.channel.${textOf(node.channel)}`);
    return template === null ? channel : `${channel}: ${template}`;
  },
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
