import Icon from "@spectrum-icons/workflow/Export";
import type { JourneyNode } from "@/flow/document";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { mappingsOf } from "../mappings";
import { textOf, withErrorWay } from "../ways";

/** What is given to the target's first event, by JSON pointer. */
export function rowsOf(node: JourneyNode): { pointer: string; expression: string }[] {
  return mappingsOf(node.parameters).map(({ paramPath, expression }) => ({ pointer: paramPath, expression }));
}

/** The member `parameters` of rows; undefined without any. A label that stood beside one stays. */
export function toParameters(node: JourneyNode, rows: readonly { pointer: string; expression: string }[]) {
  if (rows.length === 0) return undefined;
  const before = new Map(mappingsOf(node.parameters).map((one) => [one.paramPath, one]));
  return rows.map(({ pointer, expression }) => ({ ...before.get(pointer), paramPath: pointer, expression }));
}

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
  Form: lazyForm(async () => (await import("./JumpForm")).JumpForm),
};
