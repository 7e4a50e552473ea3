import { describe, expect, it } from "vitest";
import { keepFresh } from "./freshness";

function page() {
  const kept = new Map<string, string>();
  const made = {
    time: 1_000_000,
    reloads: 0,
    storage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void kept.set(key, text),
    },
    now: () => made.time,
    reload: () => {
      made.reloads += 1;
    },
  };
  return made;
}

const fail = (target: EventTarget) => target.dispatchEvent(new Event("vite:preloadError", { cancelable: true }));

describe("a page whose scripts are gone", () => {
  it("is loaded anew once, and the second time the fault is shown", () => {
    const [target, made] = [new EventTarget(), page()];
    keepFresh(target, made);
    expect(fail(target)).toBe(true);
    expect(made.reloads).toBe(1);
    made.time += 2_000;
    expect(fail(target)).toBe(true);
    expect(made.reloads).toBe(1);
  });

  it("is loaded anew after the next rebuild, too", () => {
    const [target, made] = [new EventTarget(), page()];
    keepFresh(target, made);
    fail(target);
    made.time += 3_600_000;
    expect(fail(target)).toBe(true);
    expect(made.reloads).toBe(2);
  });

  it("stays where nothing can be remembered", () => {
    const [target, made] = [new EventTarget(), page()];
    keepFresh(target, {
      ...made,
      storage: {
        getItem: () => null,
        setItem: () => {
          throw new Error("full");
        },
      },
    });
    expect(fail(target)).toBe(true);
    expect(made.reloads).toBe(0);
  });
});
