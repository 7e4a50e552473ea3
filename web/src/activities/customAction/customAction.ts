import Icon from "@spectrum-icons/workflow/Actions";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
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
  Form: lazyForm(async () => (await import("./CustomActionForm")).CustomActionForm),
};
