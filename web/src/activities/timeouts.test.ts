import { expect, test } from "vitest";
import { toSpan } from "./spans";
import { timeoutProblem } from "./timeouts";

test.each([
  [{ value: 90, unit: "days" }, 1, null],
  [{ value: 91, unit: "days" }, 1, "activities.problem.timeout"],
  [{ value: 2161, unit: "hours" }, 1, "activities.problem.timeout"],
  [{ value: 39, unit: "seconds" }, 40, "activities.problem.reactionTimeout"],
  [{ value: 40, unit: "seconds" }, 40, null],
  [{ value: 1.5, unit: "days" }, 1, "activities.problem.whole"],
  [{ value: 0, unit: "days" }, 1, "activities.problem.whole"],
])("%o, at least %i s", (span, atLeast, problem) => {
  expect(timeoutProblem(span, atLeast)).toBe(problem);
});

test("a member that is no span yet becomes the fallback, part by part", () => {
  const fallback = { value: 1, unit: "days" };
  expect(toSpan(undefined, fallback)).toEqual(fallback);
  expect(toSpan({ value: 3, unit: "weeks" }, fallback)).toEqual({ value: 3, unit: "days" });
});
