import { expect, test } from "vitest";
import { shiftFromPanel } from "./inView";

const FRAME = { left: 100, right: 500 };

test("an activity that is seen, or was put beyond the left edge, stays where it is", () => {
  expect(shiftFromPanel({ left: 200, right: 300 }, FRAME, 10)).toBe(0);
  expect(shiftFromPanel({ left: 50, right: 150 }, FRAME, 10)).toBe(0);
});

test("an activity behind the right edge comes in as far as the margin", () => {
  expect(shiftFromPanel({ left: 450, right: 550 }, FRAME, 10)).toBe(-60);
});

test("of one that is wider than the frame the start is seen", () => {
  expect(shiftFromPanel({ left: 300, right: 1_300 }, FRAME, 10)).toBe(-190);
  expect(shiftFromPanel({ left: 90, right: 1_300 }, FRAME, 10)).toBe(0);
});
