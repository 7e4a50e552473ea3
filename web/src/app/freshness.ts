const KEY = "parcours.reloaded";
/** A script that is missing again so soon after a load is not missing because the page was old. */
const AGAIN_MS = 60_000;

interface Page {
  storage: Pick<Storage, "getItem" | "setItem">;
  now: () => number;
  reload: () => void;
}

/**
 * Loads a page anew whose scripts are gone because the designer was built anew, but not twice in a row: then the fault is
 * shown. Says whether it does.
 */
export function reloadOnce({ storage, now, reload }: Page): boolean {
  const last = Number(storage.getItem(KEY) ?? Number.NaN);
  const elapsed = now() - last;
  if (elapsed >= 0 && elapsed < AGAIN_MS) return false;
  try {
    storage.setItem(KEY, String(now()));
  } catch {
    return false; // nothing would remember that it was tried
  }
  reload();
  return true;
}

/**
 * Vite tells of a script or a style sheet of a lazy part that could not be loaded. It is thrown all the same: the router,
 * which loads anew once for each script of a page, then waits instead of showing the fault of a page on its way out.
 */
export function keepFresh(target: EventTarget, page: Page): void {
  target.addEventListener("vite:preloadError", () => void reloadOnce(page));
}
