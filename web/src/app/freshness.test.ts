import { describe, expect, it } from "vitest";
import { isOutdated, keepFresh } from "./freshness";

function page() {
  const kept = new Map<string, string>();
  const made = {
    time: 1_000_000,
    reloads: 0,
    outdated: true,
    storage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void kept.set(key, text),
    },
    now: () => made.time,
    isOutdated: () => Promise.resolve(made.outdated),
    reload: () => {
      made.reloads += 1;
    },
  };
  return made;
}

async function fail(target: EventTarget): Promise<boolean> {
  const isThrown = target.dispatchEvent(new Event("vite:preloadError", { cancelable: true }));
  await new Promise((resolve) => setTimeout(resolve));
  return isThrown;
}

describe("a page whose scripts are gone", () => {
  it("is loaded anew once, and the second time the fault is shown", async () => {
    const [target, made] = [new EventTarget(), page()];
    keepFresh(target, made);
    expect(await fail(target)).toBe(true);
    expect(made.reloads).toBe(1);
    made.time += 2_000;
    expect(await fail(target)).toBe(true);
    expect(made.reloads).toBe(1);
  });

  it("is loaded anew after the next rebuild, too", async () => {
    const [target, made] = [new EventTarget(), page()];
    keepFresh(target, made);
    await fail(target);
    made.time += 3_600_000;
    expect(await fail(target)).toBe(true);
    expect(made.reloads).toBe(2);
  });

  it("stays where the server is away, or has the same designer", async () => {
    const [target, made] = [new EventTarget(), page()];
    made.outdated = false;
    keepFresh(target, made);
    expect(await fail(target)).toBe(true);
    expect(made.reloads).toBe(0);
    made.outdated = true;
    await fail(target);
    expect(made.reloads).toBe(1);
  });

  it("stays where nothing can be remembered", async () => {
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
    expect(await fail(target)).toBe(true);
    expect(made.reloads).toBe(0);
  });
});

describe("whether the server has another designer", () => {
  const answering =
    (text: string, status = 200) =>
    () =>
      Promise.resolve(new Response(text, { status }));
  const own = "/assets/index-abc.js";

  it("is told by the start script its page names", async () => {
    expect(await isOutdated(answering(`<script src="${own}">`), own)).toBe(false);
    expect(await isOutdated(answering('<script src="/assets/index-def.js">'), own)).toBe(true);
    expect(await isOutdated(answering("being built", 503), own)).toBe(true);
  });

  it("is not known where nobody answers, or with a fault", async () => {
    expect(await isOutdated(() => Promise.reject(new TypeError("away")), own)).toBe(false);
    expect(await isOutdated(answering("bad gateway", 502), own)).toBe(false);
  });
});
