import Icon from "@spectrum-icons/workflow/StopCircle";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";

/** Where the journey ends; an arrow that leads nowhere ends it, too. */
export const end: ActivityKind = {
  type: "end",
  group: "orchestration",
  icon: Icon,
  create: () => ({ type: "end" }),
  ways: () => [],
  summary: () => "",
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
