import { expect, test } from "vitest";
import { shiftInto } from "./inView";

const FRAME = { left: 100, top: 50, right: 500, bottom: 450 };
const box = (left: number, top: number, width = 100, height = 40) => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

test("a box in the frame stays where it is", () => {
  expect(shiftInto(box(200, 200), FRAME, 10)).toEqual({ x: 0, y: 0 });
});

test("a box behind an edge comes in as far as the margin", () => {
  expect(shiftInto(box(450, 430), FRAME, 10)).toEqual({ x: -60, y: -30 });
  expect(shiftInto(box(0, 0), FRAME, 10)).toEqual({ x: 110, y: 60 });
});

test("of a box larger than the frame the start is seen", () => {
  expect(shiftInto(box(300, 200, 1_000), FRAME, 10)).toEqual({ x: -190, y: 0 });
});
