import { expect, test } from "vitest";
import { readAudience } from "./readAudience";
import { sumOf, toDocument, type Waves, wavesOf, withCount, withSizes } from "./waves";

const node = { ...readAudience.create(), audienceId: "a" };
const read = (waves: object): Waves => wavesOf({ ...node, waves }) as Waves;

test.each([
  { count: 3, minutesApart: 45 },
  { count: 2, minutesApart: 30, percentages: [12.5, 87.5] },
  { count: 2, minutesApart: 30, profiles: [10, 500] },
  { count: 2, startDates: ["2030-01-01T09:00", "2030-01-01T10:00"], profiles: [10, 500] },
])("%o comes back as it was", (waves) => {
  expect(toDocument(read(waves))).toEqual(waves);
});

test("who enters at once has no waves", () => {
  expect(wavesOf(node)).toBeNull();
});

test("percentages begin as equal ones that are 100 together, and so do those of another number of waves", () => {
  const three = withSizes(read({ count: 3, minutesApart: 60 }), "percentages");
  expect(toDocument(three)).toEqual({ count: 3, minutesApart: 60, percentages: [33, 33, 34] });
  expect(sumOf(withCount(three, 7).shares)).toBe(100);
  expect(toDocument(withCount(withSizes(three, "equal"), 4))).toEqual({ count: 4, minutesApart: 60 });
});

test("a further wave has a number of profiles and a date to fill in", () => {
  const waves = withCount(
    read({ count: 2, startDates: ["2030-01-01T09:00", "2030-01-01T10:00"], profiles: [1, 2] }),
    3,
  );
  expect(toDocument(waves)).toEqual({
    count: 3,
    startDates: ["2030-01-01T09:00", "2030-01-01T10:00", ""],
    profiles: [1, 2, 10_000],
  });
});

test("sums of fractions are told as they are meant", () => {
  expect(sumOf([33.3, 33.3, 33.4])).toBe(100);
  expect(sumOf([0.1, 0.2])).toBe(0.3);
});
