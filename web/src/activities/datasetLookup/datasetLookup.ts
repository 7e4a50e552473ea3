import Icon from "@spectrum-icons/workflow/TableEdit";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { textOf, withErrorWay } from "../ways";

/** Reads rows of a data set by key. */
export const datasetLookup: ActivityKind = {
  type: "datasetLookup",
  group: "orchestration",
  icon: Icon,
  create: () => ({ type: "datasetLookup", dataSetId: "", keys: "" }),
  ways: withErrorWay,
  summary: (node, names) => names.dataSet(textOf(node.dataSetId)) ?? "",
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
