import Icon from "@spectrum-icons/workflow/Event";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { textOf, withTimeoutWay } from "../ways";

/** An event of the individual: who enters, or what somebody inside waits for. */
export const event: ActivityKind = {
  type: "event",
  group: "events",
  icon: Icon,
  create: () => ({ type: "event", eventUid: "" }),
  ways: withTimeoutWay,
  summary: (node, names) => names.event(textOf(node.eventUid)) ?? "",
  canBegin: true,
  canFollow: () => true,
  Form: lazyForm(async () => (await import("./EventForm")).EventForm),
};
