import { expect, test } from "vitest";
import { askedOf, readReportSearch } from "./reportSearch";

const now = new Date("2026-01-31T12:00:00Z");

test("a day is told by the hour, a month by the day", () => {
  expect(askedOf({}, now)).toMatchObject({ from: "2026-01-30T12:00:00.000Z", interval: "hour" });
  expect(askedOf({ range: "month" }, now)).toMatchObject({ interval: "day", intervals: ["hour", "day"] });
});

test("a quarter has too many hours for the server", () => {
  expect(askedOf({ range: "quarter", interval: "hour" }, now)).toMatchObject({ interval: "day", intervals: ["day"] });
});

test("all time has no beginning", () => {
  expect(askedOf({ range: "all" }, now).from).toBeUndefined();
});

test("the last day of a range of one's own is in it", () => {
  const asked = askedOf({ range: "custom", from: "2026-01-01", to: "2026-01-01" }, now);
  const length = new Date(asked.to ?? "").getTime() - new Date(asked.from ?? "").getTime();
  expect(length).toBe(86_400_000);
});

test("what is no date is passed over", () => {
  expect(readReportSearch({ from: "2026-13-99", to: "soon", range: "x" })).toEqual({});
});
