import { expect, test } from "vitest";
import { canBeShared, isWithoutRule, withExpression, withRule } from "./rulePaths";

test("a path has either an expression or a rule", () => {
  const [own, shared] = [
    { id: "a", expression: "true" },
    { id: "a", rule: "r1" },
  ];
  expect({ ...own, ...withRule("r1") }).toEqual({ ...shared, expression: undefined });
  expect({ ...shared, ...withExpression("true") }).toEqual({ ...own, rule: undefined });
});

test("a path is unfinished until it has one of them", () => {
  expect(isWithoutRule({ id: "a" })).toBe(true);
  expect(isWithoutRule({ id: "a", expression: " " })).toBe(true);
  expect(isWithoutRule({ id: "a", rule: "", expression: "true" })).toBe(true);
  expect(isWithoutRule({ id: "a", expression: "true" })).toBe(false);
  expect(isWithoutRule({ id: "a", rule: "r1" })).toBe(false);
});

test("what reads an event, an answer, a lookup or an external data source can't be shared", () => {
  expect(canBeShared("#{ExperiencePlatform.ProfileFieldGroup.tier} == 'gold' and inAudience('Friends')")).toBe(true);
  for (const reference of ["@event{Order.total}", "@action{Mail.ok}", "@datasetLookup{a.b}", "#{Weather.now.sky}"]) {
    expect(canBeShared(`${reference} == 1`)).toBe(false);
  }
  expect(canBeShared(" ")).toBe(false);
});
