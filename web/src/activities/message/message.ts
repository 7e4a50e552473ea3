import Icon from "@spectrum-icons/workflow/Email";
import type { JourneyNode } from "@/flow/document";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import type { Parameter } from "../mappings";
import { objectOf, withMembers } from "../members";
import type { TemplateRef } from "../references";
import { textOf, withErrorWay } from "../ways";
import { SUCCESSES } from "./sendTime";

export const CHANNELS = ["email", "sms", "push"] as const;

/** The message by another channel: template, configuration and address are that channel's, and it may have no best time. */
export function byChannel(node: JourneyNode, channel: string): JourneyNode {
  if (channel === node.channel) return node;
  const gone = { configurationUid: undefined, address: undefined, parameters: undefined };
  const time = objectOf(node.sendTimeOptimization);
  const stays = (SUCCESSES[channel] ?? []).some((one) => one === time.optimizeFor);
  return withMembers(node, {
    ...gone,
    channel,
    templateUid: "",
    sendTimeOptimization: stays ? node.sendTimeOptimization : undefined,
  });
}

/** The parameters of a template as places to be filled. */
export function parametersOfTemplate(template: TemplateRef): Parameter[] {
  return template.parameters.map(({ name, label, optional }) => ({
    paramPath: name,
    label: label || name,
    type: null,
    isOptional: optional === true,
  }));
}

/** What tells templates apart beside their names: subject, title or the text itself. */
export const subjectOf = ({ content }: TemplateRef): string => content.subject ?? content.title ?? content.body ?? "";

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
    return template === null ? channel : t("common.named", { name: channel, value: template });
  },
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: lazyForm(async () => (await import("./MessageForm")).MessageForm),
};
