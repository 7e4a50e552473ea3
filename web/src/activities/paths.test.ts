import fc from "fast-check";
import { expect, test } from "vitest";
import { distributed, freePathId, keptMembers, type Path, reordered, shifted, totalOf } from "./paths";

const make = (...ids: string[]): Path[] => ids.map((id) => ({ id }));
const ids = (paths: Path[]) => paths.map((path) => path.id).join("");

test("shares are whole and add up to 100, whatever is held out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 99 }), (count, holdout) => {
      const paths = distributed(
        Array.from({ length: count }, (_, index) => ({ id: `${index}` })),
        holdout,
      );
      expect(totalOf(paths, holdout)).toBe(100);
      const shares = paths.map((path) => Number(path.percentage));
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      expect(shares.every(Number.isInteger)).toBe(true);
    }),
  );
});

test("a new path has an id of its own", () => {
  expect(freePathId(make("path1"))).toBe("path2");
  expect(freePathId(make("a", "path3"))).toBe("path4");
});

test("paths move before and after others, and no further than the ends", () => {
  expect(ids(reordered(make("a", "b", "c", "d"), new Set(["a", "c"]), "d", "after"))).toBe("bdac");
  expect(ids(reordered(make("a", "b", "c"), new Set(["c"]), "a", "before"))).toBe("cab");
  expect(ids(reordered(make("a", "b"), new Set(["a"]), "a", "after"))).toBe("ab");
  expect(ids(shifted(make("a", "b", "c"), "b", -1))).toBe("bac");
  expect(ids(shifted(make("a", "b", "c"), "c", 1))).toBe("abc");
});

test("a path of another type keeps its id and label alone", () => {
  expect(keptMembers({ id: "a", label: "A", expression: "true" }, ["percentage"])).toEqual({ id: "a", label: "A" });
});
