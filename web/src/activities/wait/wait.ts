import Icon from "@spectrum-icons/workflow/Clock";
import type { JourneyDocument, JourneyNode } from "@/flow/document";
import type { ActivityKind } from "../kind";
import { lazyForm } from "../lazyForm";
import { numberOf, objectOf, type Problems, withMembers } from "../members";
import { DAY_S, secondsOf, toSpan } from "../spans";
import { oneWay, spanText, textOf } from "../ways";

export const WAIT_TYPES = ["duration", "custom", "fixedDate"] as const;
type WaitType = (typeof WAIT_TYPES)[number];

const GLOBAL_DAYS = 91;
const FIRST = { value: 1, unit: "days" };

export const typeOf = (node: JourneyNode): WaitType => WAIT_TYPES.find((type) => type === node.waitType) ?? "duration";

/** The wait as one of another type, with nothing of the former one. */
export function ofType(node: JourneyNode, type: string): JourneyNode {
  const bare = withMembers(node, {
    duration: undefined,
    expression: undefined,
    date: undefined,
    dynamicValues: undefined,
  });
  if (type === "custom") return withMembers(bare, { waitType: "custom", expression: textOf(node.expression) });
  if (type === "fixedDate") return withMembers(bare, { waitType: "fixedDate", date: textOf(node.date) });
  return withMembers(bare, { waitType: undefined, duration: toSpan(node.duration, FIRST) });
}

/** What is wrong with it that can be told at once. */
export function checkWait(node: JourneyNode, document: JourneyDocument): Problems {
  if (typeOf(node) === "fixedDate") {
    return Number.isNaN(Date.parse(textOf(node.date))) ? { date: "activities.problem.date" } : {};
  }
  if (typeOf(node) === "custom")
    return textOf(node.expression) === "" ? { expression: "activities.problem.empty" } : {};
  const span = toSpan(node.duration, { value: 0, unit: "days" });
  if (!Number.isInteger(span.value) || span.value < 1) return { duration: "activities.problem.whole" };
  const days = numberOf(objectOf(document.timeouts).globalDays) ?? GLOBAL_DAYS;
  return secondsOf(span) > days * DAY_S ? { duration: "activities.problem.waitTooLong" } : {};
}

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
  Form: lazyForm(async () => (await import("./WaitForm")).WaitForm),
};
