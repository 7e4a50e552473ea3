import fc from "fast-check";
import { expect, test } from "vitest";
import { byDay, dayOf, type Entry, shift, startOf, weekOf } from "./calendar";

const entry = (at: Date, name: string): Entry => ({
  at: at.toISOString(),
  kind: "read",
  journeyUid: "j",
  versionUid: "v",
  name,
  version: "1.0",
  status: "Deployed",
  entryType: "read_audience",
});

test("a week is seven days in a row from Monday on, and holds the day", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(2000, 0, 1), max: new Date(2100, 0, 1), noInvalidDate: true }), (at) => {
      const day = dayOf(at);
      const week = weekOf(day);
      expect(week).toHaveLength(7);
      expect(week).toContain(day);
      expect(startOf(week[0] ?? "").getDay()).toBe(1);
      week.slice(1).forEach((one, i) => {
        expect(shift(week[i] ?? "", 1)).toBe(one);
      });
    }),
  );
});

test("a week may lie in two years", () => {
  expect(weekOf("2026-01-01")).toEqual([
    "2025-12-29",
    "2025-12-30",
    "2025-12-31",
    "2026-01-01",
    "2026-01-02",
    "2026-01-03",
    "2026-01-04",
  ]);
});

test("entries are with their day, and those of other weeks nowhere", () => {
  const days = weekOf("2026-01-07");
  const found = byDay(
    [
      entry(new Date(2026, 0, 5, 0, 0), "first"),
      entry(new Date(2026, 0, 5, 23, 59), "last"),
      entry(new Date(2026, 0, 12, 0, 0), "after"),
    ],
    days,
  );
  expect([...found.keys()]).toEqual(days);
  expect(found.get("2026-01-05")?.map((one) => one.name)).toEqual(["first", "last"]);
  expect([...found.values()].flat()).toHaveLength(2);
});
