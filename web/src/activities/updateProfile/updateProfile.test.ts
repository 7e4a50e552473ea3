import { expect, test } from "vitest";
import { toUpdates, updateProfile, updatesOf } from "./updateProfile";

test("updates become rows and the same member again", () => {
  const updates = [{ path: "/loyalty/tier", expression: '"gold"' }];
  const node = { ...updateProfile.create(), updates };
  expect(updatesOf(node)).toEqual([{ pointer: "/loyalty/tier", expression: '"gold"' }]);
  expect(toUpdates(updatesOf(node))).toEqual(updates);
});

test("a new one, or one that is no list, has none", () => {
  expect(updatesOf(updateProfile.create())).toEqual([]);
  expect(updatesOf({ type: "updateProfile", updates: "x" })).toEqual([]);
});
