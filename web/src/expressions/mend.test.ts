import { expect, test } from "vitest";
import { mended, rangeOf } from "./mend";
import type { ExpressionFault } from "./scope";

const fault = (position: number | null, nearest: string | null = null): ExpressionFault => ({
  code: "reference",
  message: "unknown",
  position,
  line: 1,
  column: 1,
  nearest,
});
const at = (text: string, position: number | null) => {
  const { from, to } = rangeOf(text, fault(position));
  return text.slice(from, to);
};

test("a fault marks the word at its position", () => {
  expect(at("@event{Order.totl} > 1", 13)).toBe("totl");
  expect(at("1 > ", 4)).toBe(">");
  expect(at("1 > 2", null)).toBe("1 > 2");
  expect(at("", 0)).toBe("");
});

test("positions count characters, so that one beyond the first plane doesn't shift them", () => {
  expect(at('"😀" == @event{Order.totl}', 20)).toBe("totl");
});

test("the name that was meant takes the place of the unknown one, quoted as that was", () => {
  expect(mended("@event{Order.totl} > 1", fault(13, "total"))).toBe("@event{Order.total} > 1");
  expect(mended("@event{Order.'totl x'} > 1", fault(13, "total y"))).toBe("@event{Order.'total y'} > 1");
  expect(mended("1", fault(0))).toBeNull();
});
