import Icon from "@spectrum-icons/workflow/TableEdit";
import type { JourneyNode, NodeId } from "@/flow/document";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { textOf, withErrorWay } from "../ways";

export const MAX_FIELDS = 20;

/** How later expressions call the rows: by the label when that is a plain word, else by the id. */
export function nameOf(node: JourneyNode, nodeId: NodeId): string {
  const label = textOf(node.label);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(label) ? label : nodeId;
}

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
  Form: lazyForm(async () => (await import("./DatasetLookupForm")).DatasetLookupForm),
};
