import { ApiError } from "@/api/error";
import type { JourneyDocument } from "@/flow/document";
import { merge } from "@/flow/merge";
import type { DraftStore } from "./draftStore";
import { forget, keep } from "./unsaved";
import type { JourneyVersion } from "./version";

const QUIET_MS = 1_000;
const RETRY_MS = 5_000;

type Answer = { data: JourneyVersion; etag: string };

/** How a draft reaches the server; `saveVersion` and a fresh read. */
export interface Transport {
  save: (document: JourneyDocument, etag: string) => Promise<Answer>;
  load: () => Promise<Answer>;
}

/**
 * Save a draft a second after its last change, until `stop` is called.
 *
 * What isn't on the server yet is kept in the browser, so that neither a crash nor a closed page loses it. When somebody
 * else saved meanwhile, both changes are merged; where they touch the same, a person decides.
 */
export function startAutosave(
  versionUid: string,
  store: DraftStore,
  transport: Transport,
): { stop: () => void; flush: () => Promise<void> } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | null = null;

  const schedule = (afterMs: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), afterMs);
  };

  const saveOnce = async (): Promise<void> => {
    const { document, base, etag, save, isReadOnly } = store.getState();
    if (isReadOnly || save.kind === "conflict") return;
    if (document === base) {
      if (save.kind !== "saved") store.getState().setSave({ kind: "saved" });
      return;
    }
    store.getState().setSave({ kind: "saving" });
    try {
      const answer = await transport.save(document, etag);
      store.getState().adopt(document, answer.etag);
      if (store.getState().document === document) {
        store.getState().setSave({ kind: "saved" });
        forget(versionUid);
      } else {
        store.getState().setSave({ kind: "unsaved" });
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await reconcile(error);
      else {
        store.getState().setSave({ kind: "failed", error });
        if (error instanceof ApiError && (error.isOffline || error.status >= 500 || error.status === 429))
          schedule(RETRY_MS);
      }
    }
  };

  const reconcile = async (cause: unknown): Promise<void> => {
    let theirs: Answer;
    try {
      theirs = await transport.load();
    } catch {
      store.getState().setSave({ kind: "failed", error: cause });
      schedule(RETRY_MS);
      return;
    }
    const { base, document, adopt, setSave } = store.getState();
    const { document: merged, conflicts } = merge(base, document, theirs.data.document);
    if (conflicts.length > 0) {
      setSave({ kind: "conflict", theirs: theirs.data.document, etag: theirs.etag, paths: conflicts });
      return;
    }
    adopt(theirs.data.document, theirs.etag, merged);
    setSave({ kind: "unsaved" });
    schedule(0);
  };

  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    while (running !== null) await running;
    running = saveOnce();
    await running;
    running = null;
    const { save } = store.getState();
    if (save.kind === "unsaved") schedule(QUIET_MS);
  };

  const unsubscribe = store.subscribe((now, before) => {
    if (now.isReadOnly) return;
    if (now.document !== before.document && now.document !== now.base) {
      keep(versionUid, now.document, now.etag);
      if (now.save.kind !== "conflict") schedule(QUIET_MS);
    } else if (before.save.kind === "conflict" && now.save.kind === "unsaved") schedule(0);
  });

  return {
    stop: () => {
      unsubscribe();
      clearTimeout(timer);
    },
    flush,
  };
}
