import { expect, test } from "vitest";
import { readsOf } from "./reads";

test("each thing that is read is told once", () => {
  expect(
    readsOf("@event{Order.a} > 1 and @{Order.b} == @event{Visit.c} or @action{Send.jo_status_code} == 'http_200'"),
  ).toEqual({ events: ["Order", "Visit"], actions: ["Send"], lookups: [], groups: [], profile: false });
});

test("the built-in source and audiences are the profile's, others are field groups", () => {
  expect(readsOf("#{ExperiencePlatform.ProfileFieldGroup.a}").profile).toBe(true);
  expect(readsOf('inAudience("VIP")').profile).toBe(true);
  expect(readsOf("#{Weather.current.t, params: {city: @event{Order.city}}}")).toMatchObject({
    events: ["Order"],
    groups: [{ source: "Weather", group: "current" }],
    profile: false,
  });
});

test("texts and unfinished references read nothing", () => {
  expect(readsOf("'@event{Order.a}' + @event{")).toMatchObject({ events: [] });
  expect(readsOf("@datasetlookup{Stock.entities}").lookups).toEqual(["Stock"]);
});
