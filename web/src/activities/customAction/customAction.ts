import Icon from "@spectrum-icons/workflow/Actions";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { textOf, withErrorWay } from "../ways";

/** Calls another system. */
export const customAction: ActivityKind = {
  type: "customAction",
  group: "actions",
  icon: Icon,
  create: () => ({ type: "customAction", actionUid: "" }),
  ways: withErrorWay,
  summary: (node, names) => names.action(textOf(node.actionUid)) ?? "",
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
