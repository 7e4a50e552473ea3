// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { SHOWN_AT_FIRST, storeColumns, storedColumns } from "./columns";

beforeEach(() => localStorage.clear());

test("each user has columns of their own, in the order of the table", () => {
  storeColumns("ann", ["inside", "status"]);
  expect(storedColumns("ann")).toEqual(["status", "inside"]);
  expect(storedColumns("bob")).toEqual(SHOWN_AT_FIRST);
});

test("no column at all is a choice, and what is unknown is passed over", () => {
  storeColumns("ann", []);
  expect(storedColumns("ann")).toEqual([]);
  localStorage.setItem("parcours.journeys.columns.ann", "status,size");
  expect(storedColumns("ann")).toEqual(["status"]);
});
