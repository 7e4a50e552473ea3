import { expect, test } from "vitest";
import { readAudience } from "./readAudience";
import { checkReadAudience, onSchedule, withSchedule } from "./schedule";

const node = { ...readAudience.create(), audienceId: "a" };

test("another schedule keeps what both have, and nothing else", () => {
  const weekly = onSchedule(withSchedule(onSchedule(node, "daily"), { time: "09:00", interval: 2 }), "weekly");
  expect(weekly.schedule).toEqual({ type: "weekly", time: "09:00", interval: 2, days: ["monday"] });
  expect(onSchedule(weekly, "once").schedule).toEqual({ type: "once" });
  expect("schedule" in onSchedule(weekly, "asap")).toBe(false);
});

test("what only recurring reads have goes with them, and waves only with the others", () => {
  const daily = { ...onSchedule(node, "daily"), incremental: true, forceReentrance: true, waitForAudienceHours: 3 };
  expect(Object.keys(onSchedule(daily, "weekly"))).not.toContain("waitForAudienceHours");
  expect(onSchedule(daily, "weekly").incremental).toBe(true);
  expect(Object.keys(onSchedule(daily, "once"))).toEqual(["type", "audienceId", "schedule"]);
  const waves = { ...node, waves: { count: 3, minutesApart: 60 } };
  expect("waves" in onSchedule(waves, "daily")).toBe(false);
  expect("waves" in onSchedule(waves, "once")).toBe(true);
});

test.each([
  [{ type: "once" }, { startDate: "activities.problem.empty" }],
  [{ type: "weekly", days: [] }, { days: "activities.problem.oneAtLeast" }],
  [{ type: "monthly" }, { daysOfMonth: "activities.problem.oneAtLeast" }],
  [
    { type: "daily", startDate: "2026-02-01T00:00", endDate: "2026-01-01T00:00" },
    { endDate: "activities.problem.endBeforeStart" },
  ],
  [{ type: "daily" }, {}],
])("%o", (schedule, problems) => {
  expect(checkReadAudience({ ...node, schedule })).toEqual(problems);
});

test("it may begin a journey, or follow a business event", () => {
  expect(readAudience.canFollow(null)).toBe(true);
  expect(readAudience.canFollow({ type: "businessEvent" })).toBe(true);
  expect(readAudience.canFollow({ type: "wait" })).toBe(false);
});
