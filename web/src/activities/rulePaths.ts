import { readsOf } from "@/expressions/reads";
import type { Path } from "./paths";
import { textOf } from "./ways";

/** What makes a path's condition stand in the journey. */
export const withExpression = (expression: string) => ({ expression, rule: undefined });

/** What makes a path's condition that of a decision rule, by its uid. */
export const withRule = (uid: string) => ({ rule: uid, expression: undefined });

/** Whether nothing says yet when a path is taken. */
export const isWithoutRule = (path: Path): boolean => textOf(path.rule ?? path.expression).trim() === "";

/** Whether a condition reads nothing that only this journey has, so that others may share it. */
export function canBeShared(expression: string): boolean {
  const { events, actions, lookups, groups } = readsOf(expression);
  return expression.trim() !== "" && events.length + actions.length + lookups.length + groups.length === 0;
}

/** One line about when a path is taken: its condition, or the name of its rule. */
export function ruleTextOf(path: Path, rules: readonly { uid: string; name: string }[]): string {
  if (path.rule === undefined) return textOf(path.expression);
  return rules.find((rule) => rule.uid === path.rule)?.name ?? "";
}
