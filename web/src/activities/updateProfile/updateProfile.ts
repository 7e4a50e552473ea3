import Icon from "@spectrum-icons/workflow/UserEdit";
import type { JourneyNode } from "@/flow/document";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { objectOf } from "../members";
import { textOf, withErrorWay } from "../ways";

export const MAX_UPDATES = 5;

/** The attributes that are written, by JSON pointer. */
export function updatesOf(node: JourneyNode): { pointer: string; expression: string }[] {
  if (!Array.isArray(node.updates)) return [];
  return node.updates.map(objectOf).map(({ path, expression }) => ({
    pointer: textOf(path),
    expression: textOf(expression),
  }));
}

export const toUpdates = (rows: readonly { pointer: string; expression: string }[]) =>
  rows.map(({ pointer, expression }) => ({ path: pointer, expression }));

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
  Form: lazyForm(async () => (await import("./UpdateProfileForm")).UpdateProfileForm),
};
