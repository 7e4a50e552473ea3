import { expect, test } from "vitest";
import { dateTimeText, timeText, toDate, toDateTime, toTime } from "./dates";

test("what is read is written as it was", () => {
  for (const text of ["2026-12-24T18:00", "2026-12-24T18:00:30"]) {
    expect(dateTimeText(toDateTime(text) ?? "")).toBe(text);
  }
  expect(toDate("2026-12-24")?.toString()).toBe("2026-12-24");
  expect(timeText(toTime("09:05") ?? "")).toBe("09:05");
});

test("what is no local date-time is none", () => {
  expect(toDateTime("2026-12-24T18:00Z")).toBeNull();
  expect(toDateTime("")).toBeNull();
  expect(toDate("2026-02-31")).toBeNull();
  expect(toTime("24:00")).toBeNull();
});
