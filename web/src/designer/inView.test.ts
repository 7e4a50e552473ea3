import { expect, test } from "vitest";
import { beginning, shiftIntoView } from "./inView";

const FRAME = { start: 100, end: 500 };

test("an activity that is seen stays where it is", () => {
  expect(shiftIntoView({ start: 200, end: 300 }, FRAME, 10)).toBe(0);
  expect(shiftIntoView({ start: 110, end: 490 }, FRAME, 10)).toBe(0);
});

test("an activity beyond either edge comes in as far as the margin", () => {
  expect(shiftIntoView({ start: 450, end: 550 }, FRAME, 10)).toBe(-60);
  expect(shiftIntoView({ start: 50, end: 150 }, FRAME, 10)).toBe(60);
});

test("of one that is longer than the frame the start is seen", () => {
  expect(shiftIntoView({ start: 300, end: 1_300 }, FRAME, 10)).toBe(-190);
  expect(shiftIntoView({ start: 90, end: 1_300 }, FRAME, 10)).toBe(20);
});

const SCREEN = { width: 400, height: 300 };
const ENTRY = { x: 0, y: 0, width: 210, height: 50 };

test("a journey that can be read whole is seen whole, in the middle and never enlarged", () => {
  expect(beginning({ x: 0, y: 0, width: 210, height: 50 }, ENTRY, SCREEN)).toEqual({ x: 95, y: 125, zoom: 1 });
  const { x, zoom } = beginning({ x: 0, y: 0, width: 600, height: 100 }, ENTRY, SCREEN);
  expect(zoom).toBeCloseTo(0.5667);
  expect(x).toBeCloseTo((400 - 600 * zoom) / 2);
});

test("a wide journey begins with its entry at the left, legible", () => {
  expect(beginning({ x: -100, y: 0, width: 3_000, height: 100 }, { ...ENTRY, x: -100 }, SCREEN)).toEqual({
    x: 24 + 70,
    y: 115,
    zoom: 0.7,
  });
});

test("an activity that is opened is in the middle, or as far as the journey reaches", () => {
  const wide = { x: 0, y: 0, width: 3_000, height: 100 };
  expect(beginning(wide, { ...ENTRY, x: 1_500 }, SCREEN).x).toBeCloseTo(200 - 1_605 * 0.7);
  expect(beginning(wide, { ...ENTRY, x: 2_790 }, SCREEN).x).toBeCloseTo(400 - 24 - 2_100);
});
