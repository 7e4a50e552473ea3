import { expect, test } from "vitest";
import { readAudienceSearch } from "./audienceSearch";
import { attributesText } from "./audiences";

test("a page of members stands in the address, its key as text or as the list that it is", () => {
  expect(readAudienceSearch({ q: "jane", status: "exited", start: ["Email", "a"], page: "2" })).toEqual({
    q: "jane",
    status: "exited",
    start: '["Email","a"]',
    page: 2,
  });
  expect(readAudienceSearch({ q: 42, status: "realized", page: 3 })).toEqual({ q: "42" });
});

test("attributes are told on one line", () => {
  expect(attributesText({ tier: "gold", points: 3, tags: ["a"] })).toBe('tier: gold, points: 3, tags: ["a"]');
  expect(attributesText({})).toBe("");
});
