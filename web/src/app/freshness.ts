const KEY = "parcours.reloaded";
/** A script that is missing again so soon after a load is not missing because the page was old. */
const AGAIN_MS = 60_000;

interface Page {
  storage: Pick<Storage, "getItem" | "setItem">;
  now: () => number;
  /** Whether the server has another designer now than the one the page was loaded with. */
  isOutdated: () => Promise<boolean>;
  reload: () => void;
}

/**
 * Loads a page anew whose scripts are gone because the designer was built anew, but not twice in a row: then the fault is
 * shown. Where the server is merely away the page stays: what is drawn meanwhile is on it. Says whether it loads anew.
 */
export async function reloadOnce({ storage, now, isOutdated, reload }: Page): Promise<boolean> {
  const last = Number(storage.getItem(KEY) ?? Number.NaN);
  const elapsed = now() - last;
  if (elapsed >= 0 && elapsed < AGAIN_MS) return false;
  if (!(await isOutdated())) return false;
  try {
    storage.setItem(KEY, String(now()));
  } catch {
    return false; // nothing would remember that it was tried
  }
  reload();
  return true;
}

/**
 * Whether the page at an address names another start script than the one that runs here. It has none while the designer
 * is being built: that page loads itself until it has.
 */
export async function isOutdated(ask: typeof fetch, own: string): Promise<boolean> {
  try {
    const answer = await ask("/", { cache: "no-store" });
    return answer.status === 503 || (answer.ok && !(await answer.text()).includes(own));
  } catch {
    return false; // nobody answers
  }
}

/**
 * Vite tells of a script or a style sheet of a lazy part that could not be loaded. It is thrown all the same: the router,
 * which loads anew once for each script of a page, then waits instead of showing the fault of a page on its way out.
 */
export function keepFresh(target: EventTarget, page: Page): void {
  target.addEventListener("vite:preloadError", () => void reloadOnce(page));
}
