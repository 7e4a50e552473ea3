import Icon from "@spectrum-icons/workflow/Clock";
import { JsonForm } from "../JsonForm";
import type { ActivityKind } from "../kind";
import { oneWay, spanText, textOf } from "../ways";

/** Time passes: a duration, until a date, or until what an expression says. */
export const wait: ActivityKind = {
  type: "wait",
  group: "orchestration",
  icon: Icon,
  create: () => ({ type: "wait", duration: { value: 1, unit: "days" } }),
  ways: oneWay,
  summary: (node, _names, t) => {
    if (node.waitType === "fixedDate") return textOf(node.date).replace("T", " ");
    if (node.waitType === "custom") return textOf(node.expression);
    return spanText(node.duration, t);
  },
  canBegin: false,
  canFollow: (previous) => previous !== null,
  Form: JsonForm,
};
