import { expect, test } from "vitest";
import { bodyOf, EMPTY, isForAll, isNamed, listOf, readPoliciesSearch } from "./policies";

test("texts with commas are lists without what is empty or twice", () => {
  expect(listOf(" sale, eu,, sale ")).toEqual(["sale", "eu"]);
  expect(listOf("  ")).toEqual([]);
});

test("a policy without conditions is for all, and one for some requesters is not", () => {
  expect(isForAll(EMPTY)).toBe(true);
  for (const part of ["tags", "entryTypes", "actions", "nameContains"] as const)
    expect(isForAll({ ...EMPTY, conditions: { ...EMPTY.conditions, [part]: ["x"] } })).toBe(false);
  const requesters = { users: [], roles: ["r"] };
  expect(isForAll({ ...EMPTY, conditions: { ...EMPTY.conditions, requesters } })).toBe(false);
});

test("what is only shown is not sent back", () => {
  const shown = { ...EMPTY, name: " Legal ", uid: "p", mayApprove: [] };
  expect(bodyOf(shown)).toEqual({ ...EMPTY, name: "Legal" });
  expect(isNamed(EMPTY.approvers)).toBe(false);
  expect(isNamed({ users: ["u"], roles: [] })).toBe(true);
});

test("the address says which policy is open", () => {
  expect(readPoliciesSearch({ policy: "new" })).toEqual({ policy: "new" });
  expect(readPoliciesSearch({ policy: 3 })).toEqual({ policy: undefined });
});
