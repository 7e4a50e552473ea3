import { expect, test } from "vitest";
import { ruleTextOf } from "@/activities/rulePaths";
import { EMPTY_RULE, matching, ruleBody } from "./decisionRules";
import { newRule, periodBy, RULE_TYPES, statesFrom, typesOf } from "./ruleSets";
import { readRulesSearch } from "./rulesSearch";

test("a set has rules of its domain, and quiet hours only where it is named", () => {
  expect(typesOf({ domain: "journey", isGlobal: true })).toEqual(["entryCap", "concurrencyCap"]);
  expect(typesOf({ domain: "channel", isGlobal: false })).toEqual(["frequencyCap", "quietHours"]);
  expect(typesOf({ domain: "channel", isGlobal: true })).toEqual(["frequencyCap"]);
});

test("a new rule has an id that no other has", () => {
  const first = newRule("entryCap", "Entrances", []);
  expect(first).toEqual({
    id: "rule1",
    name: "Entrances",
    type: "entryCap",
    state: "active",
    limit: 1,
    period: "month",
    every: 1,
  });
  expect(newRule("quietHours", "Nights", [{ ...first, id: "rule2" }]).id).toBe("rule3");
  for (const type of RULE_TYPES) expect(newRule(type, "x", []).type).toBe(type);
});

test("a set goes from a draft to active, and between active and inactive", () => {
  expect(statesFrom(null)).toEqual(["draft", "active"]);
  expect(statesFrom("draft")).toEqual(["draft", "active"]);
  expect(statesFrom("inactive")).toEqual(["active", "inactive"]);
});

test("a quiet period is on week days or on dates, and keeps its hours", () => {
  const night = { days: ["monday"], from: "21:00", to: "08:00" };
  const dated = periodBy(night, "dates", "2026-12-24");
  expect(dated).toEqual({ firstDate: "2026-12-24", lastDate: "2026-12-24", from: "21:00", to: "08:00" });
  expect(Object.keys(periodBy(dated, "days", "2026-12-24")).sort()).toEqual(["days", "from", "to"]);
});

test("decision rules are found by every word of name, description and tags", () => {
  const rules = [
    { ...ruleBody(EMPTY_RULE), name: "Gold customers", tags: ["loyalty"] },
    { ...ruleBody(EMPTY_RULE), name: "Gold diggers", description: "Who look for offers" },
  ];
  expect(matching(rules, "GOLD loyalty").map((one) => one.name)).toEqual(["Gold customers"]);
  expect(matching(rules, "gold").length).toBe(2);
  expect(matching(rules).length).toBe(2);
});

test("a path is told by its condition, or by the name of its rule", () => {
  const rules = [{ uid: "r1", name: "Gold customers" }];
  expect(ruleTextOf({ id: "a", expression: "true" }, rules)).toBe("true");
  expect(ruleTextOf({ id: "a", rule: "r1" }, rules)).toBe("Gold customers");
  expect(ruleTextOf({ id: "a", rule: "gone" }, rules)).toBe("");
});

test("the address says the tab and the words", () => {
  expect(readRulesSearch({ tab: "sets", q: "gold", page: 3 })).toEqual({ tab: "sets", q: "gold" });
  expect(readRulesSearch({ tab: "other", q: "" })).toEqual({ tab: undefined, q: undefined });
});
