import fc from "fast-check";
import { expect, test } from "vitest";
import { folded, sideBySide } from "./lineDiff";

const shown = (before: string, after: string) =>
  sideBySide(before, after).map((row) => [row.kind, row.before?.text ?? null, row.after?.text ?? null]);

test("what took the place of something stands beside it", () => {
  expect(shown("a\nb\nc", "a\nx\nc")).toEqual([
    ["same", "a", "a"],
    ["changed", "b", "x"],
    ["same", "c", "c"],
  ]);
  expect(shown("a\nc", "a\nb\nc\n")).toEqual([
    ["same", "a", "a"],
    ["added", null, "b"],
    ["same", "c", "c"],
  ]);
  expect(shown("", "a")).toEqual([["added", null, "a"]]);
  expect(shown("a", "")).toEqual([["removed", "a", null]]);
});

test("each side reads as its text, and only what is equal is called the same", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const rows = sideBySide(before.join("\n"), after.join("\n"));
      expect(rows.flatMap((row) => (row.before === null ? [] : [row.before.text]))).toEqual(before);
      expect(rows.flatMap((row) => (row.after === null ? [] : [row.after.text]))).toEqual(after);
      for (const row of rows) if (row.kind === "same") expect(row.before?.text).toBe(row.after?.text);
      expect(rows.every((row) => row.kind === "same")).toBe(before.join() === after.join());
    }),
  );
});

test("texts too long to compare line by line are changed as a whole", () => {
  const long = (word: string) => Array.from({ length: 3_000 }, (_, i) => `${word} ${i}`).join("\n");
  expect(sideBySide(long("a"), long("b")).every((row) => row.kind === "changed")).toBe(true);
});

test("what is far from a change is folded", () => {
  const lines = Array.from({ length: 20 }, (_, i) => String(i));
  const rows = folded(sideBySide(lines.join("\n"), lines.with(10, "x").join("\n")), 2);
  expect(rows.map((row) => (row.kind === "fold" ? row.count : row.after?.text))).toEqual([
    8,
    "8",
    "9",
    "x",
    "11",
    "12",
    7,
  ]);
});
