import { DAY_S, type Span, secondsOf } from "./spans";

const MAX_S = 90 * DAY_S;

/** What is wrong with a timeout, as the id of a message; null when nothing is. */
export function timeoutProblem(span: Span, atLeastSeconds = 1): string | null {
  const seconds = secondsOf(span);
  if (!Number.isInteger(span.value) || seconds < 1) return "activities.problem.whole";
  if (seconds < atLeastSeconds) return "activities.problem.reactionTimeout";
  return seconds > MAX_S ? "activities.problem.timeout" : null;
}
