import Icon from "@spectrum-icons/workflow/StopCircle";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";

/** Where the journey ends; an arrow that leads nowhere ends it, too. */
export const end: ActivityKind = {
  type: "end",
  group: "orchestration",
  icon: Icon,
  create: () => ({ type: "end" }),
  ways: () => [],
  summary: () => "",
  isComplete: true,
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: lazyForm(async () => (await import("./EndForm")).EndForm),
};
