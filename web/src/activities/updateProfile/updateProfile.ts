import Icon from "@spectrum-icons/workflow/UserEdit";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { textOf, withErrorWay } from "../ways";

/** Writes attributes of the profile. */
export const updateProfile: ActivityKind = {
  type: "updateProfile",
  group: "actions",
  icon: Icon,
  create: () => ({ type: "updateProfile", dataSetId: "", updates: [] }),
  ways: withErrorWay,
  summary: (node, names) => names.dataSet(textOf(node.dataSetId)) ?? "",
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
