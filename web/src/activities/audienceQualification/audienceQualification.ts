import Icon from "@spectrum-icons/workflow/UserCheckedOut";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { textOf, withTimeoutWay } from "../ways";

/** Entering or leaving an audience. */
export const audienceQualification: ActivityKind = {
  type: "audienceQualification",
  group: "events",
  icon: Icon,
  create: () => ({ type: "audienceQualification", audienceId: "" }),
  ways: withTimeoutWay,
  summary: (node, names) => names.audience(textOf(node.audienceId)) ?? "",
  canBegin: true,
  canFollow: () => true,
  Form: lazyForm(async () => (await import("./AudienceQualificationForm")).AudienceQualificationForm),
};
