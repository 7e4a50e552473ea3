import { expect, test } from "vitest";
import { byOf, criteriaOf, newCriterion, ofKind, withEvent } from "./exitCriteria";

const changed = (criterion: object, changes: object) =>
  Object.fromEntries(Object.entries({ ...criterion, ...changes }).filter(([, value]) => value !== undefined));

test("a criterion is of one kind, and has nothing of the other", () => {
  const event = { id: "exit1", label: "Bought", eventUid: "e", expression: "true" };
  const audience = changed(event, ofKind("audience"));
  expect(audience).toEqual({ id: "exit1", label: "Bought", audienceId: "" });
  expect(byOf(audience as typeof event)).toBe("audience");
  const back = changed({ ...audience, verbs: ["exit"] }, ofKind("event"));
  expect(back).toEqual({ id: "exit1", label: "Bought", eventUid: "" });
  expect(byOf({ id: "x", ...newCriterion() })).toBe("event");
});

test("another event takes the expression over the first one's payload away", () => {
  const event = { id: "exit1", eventUid: "e", expression: "true" };
  expect(changed(event, withEvent(event, "f"))).toEqual({ id: "exit1", eventUid: "f" });
  expect(changed(event, withEvent(event, "e"))).toEqual(event);
});

test("what is no criterion is passed over", () => {
  expect(criteriaOf(undefined)).toEqual([]);
  expect(criteriaOf([null, 3, { label: "without id" }, { id: "a", eventUid: "e" }])).toEqual([
    { id: "a", eventUid: "e" },
  ]);
});
