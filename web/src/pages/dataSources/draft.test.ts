import { expect, it } from "vitest";
import { documentOf, draftOf, unreadable } from "./draft";
import type { DataSource } from "./sources";

const SOURCE = {
  uid: "1",
  name: "Weather",
  description: "",
  url: "https://api.example.com/v1",
  authentication: { type: "apiKey", name: "X-Api-Key", value: "********", location: "header" },
  fieldGroups: [
    {
      name: "route",
      description: "",
      method: "POST",
      dynamicValues: ["from", "to"],
      sentPayload: { stops: [{ param: "from" }, { param: "to" }] },
      responsePayload: { distance: 12, none: null },
      types: { "/distance": "decimal", "/none": "string" },
      cacheDuration: { duration: 5, timeUnit: "minutes" },
    },
  ],
  usedIn: 0,
} satisfies DataSource;

it("writes a source as it was read, masked secrets included", () => {
  const { uid: _uid, usedIn: _usedIn, ...document } = SOURCE;
  expect(documentOf(draftOf(SOURCE))).toEqual(document);
});

it("forgets the corrected type of a field that left the sample", () => {
  const draft = draftOf(SOURCE);
  const groups = draft.groups.map((group) => ({ ...group, sample: '{"distance": 12}' }));
  expect(documentOf({ ...draft, groups }).fieldGroups[0]?.types).toEqual({ "/distance": "decimal" });
});

it("tells which texts are no JSON", () => {
  const draft = draftOf(SOURCE);
  const groups = draft.groups.map((group) => ({ ...group, sample: "{", sent: "[1]" }));
  expect(unreadable({ ...draft, groups })).toEqual(["fieldGroups[0].responsePayload", "fieldGroups[0].sentPayload"]);
});
