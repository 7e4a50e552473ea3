import { expect, test } from "vitest";
import { isFiltered, queryOf, readJourneysSearch } from "./journeysSearch";

test("what the address says is read, and what is unknown passed over", () => {
  const search = readJourneysSearch({
    q: "win",
    status: "Deployed,Nonsense,Paused",
    type: "x",
    page: 2,
    modified: "week",
  });
  expect(search).toMatchObject({ q: "win", status: "Deployed,Paused", page: 2, modified: "week" });
  expect(search.type).toBeUndefined();
  expect(readJourneysSearch({ page: -1, status: "Nonsense", sort: "size" })).toEqual({});
});

test("a week is a day, and a view a known one", () => {
  expect(readJourneysSearch({ view: "calendar", week: "2026-01-07" })).toEqual({
    view: "calendar",
    week: "2026-01-07",
  });
  expect(readJourneysSearch({ view: "map", week: "soon" })).toEqual({});
});

test("sort and page narrow nothing", () => {
  expect(isFiltered({ sort: "name", page: 3 })).toBe(false);
  expect(isFiltered({ tag: "loyalty" })).toBe(true);
  expect(isFiltered({ view: "calendar", week: "2026-01-05" })).toBe(false);
  expect(isFiltered({ uses: "Weather.Now" })).toBe(true);
});

test("spans become moments, statuses a list", () => {
  const now = new Date("2026-01-31T12:00:00Z");
  const query = queryOf({ status: "Draft,Paused", modified: "week", created: "day" }, 25, now);
  expect(query).toMatchObject({
    status: ["Draft", "Paused"],
    modifiedSince: "2026-01-24T12:00:00.000Z",
    property: ["metadata.createdAt>=2026-01-30T12:00:00.000Z"],
    sort: "-lastModifiedAt",
    page: 0,
  });
});
