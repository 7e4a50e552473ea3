import Icon from "@spectrum-icons/workflow/Events";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { oneWay, textOf } from "../ways";

/** Something that concerns no one person; Read audience follows it. */
export const businessEvent: ActivityKind = {
  type: "businessEvent",
  group: "events",
  icon: Icon,
  create: () => ({ type: "businessEvent", eventUid: "" }),
  ways: oneWay,
  summary: (node, names) => names.event(textOf(node.eventUid)) ?? "",
  canBegin: true,
  canFollow: (previous) => previous === null,
  Form: lazyForm(async () => (await import("./BusinessEventForm")).BusinessEventForm),
};
