import Icon from "@spectrum-icons/workflow/Export";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { textOf, withErrorWay } from "../ways";

/** Lets the individual enter another journey. */
export const jump: ActivityKind = {
  type: "jump",
  group: "actions",
  icon: Icon,
  create: () => ({ type: "jump", targetJourneyUid: "" }),
  ways: withErrorWay,
  summary: (node, names) => names.journey(textOf(node.targetJourneyUid)) ?? "",
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
