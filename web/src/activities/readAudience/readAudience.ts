import Icon from "@spectrum-icons/workflow/PeopleGroup";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { oneWay, textOf } from "../ways";

/** The members of an audience enter, at once or on a schedule. */
export const readAudience: ActivityKind = {
  type: "readAudience",
  group: "orchestration",
  icon: Icon,
  create: () => ({ type: "readAudience", audienceId: "" }),
  ways: oneWay,
  summary: (node, names) => names.audience(textOf(node.audienceId)) ?? "",
  canBegin: true,
  canFollow: (previous) => previous === null || previous.type === "businessEvent",
  Form: lazyForm(async () => (await import("./ReadAudienceForm")).ReadAudienceForm),
};
