import { create } from "zustand";
import { ApiError } from "@/api/error";
import { listen } from "@/api/events";
import type { JourneyDocument } from "@/flow/document";
import type { BacktestOutcome, Progress } from "./backtest";

export interface Asked {
  dataSets: string[];
  from: string;
  to?: string;
}

interface Backtest {
  /** Of the version that is or was replayed; null: none was. */
  versionUid: string | null;
  isRunning: boolean;
  /** Null until the server has begun. */
  progress: Progress | null;
  found: { document: JourneyDocument; outcome: BacktestOutcome } | null;
  error: Error | null;
  start: (versionUid: string, document: JourneyDocument, asked: Asked) => Promise<void>;
  /** Ends what runs; what was found before stays. */
  cancel: () => void;
  /** Nothing was ever run. */
  forget: () => void;
}

const NOTHING = { versionUid: null, isRunning: false, progress: null, found: null, error: null };

let running: AbortController | null = null;

/** The backtest of the version that is open: it goes on while the panel shows something else. */
export const useBacktest = create<Backtest>((set) => ({
  ...NOTHING,
  start: async (versionUid, document, asked) => {
    running?.abort();
    const abort = new AbortController();
    running = abort;
    set({ ...NOTHING, versionUid, isRunning: true });
    const change = (next: Partial<Backtest>) => {
      if (running === abort) set(next);
    };
    const path = `/journey/orchestration/journeyVersions/${encodeURIComponent(versionUid)}/backtest`;
    try {
      for await (const { event, data } of listen(path, abort.signal, { document, ...asked })) {
        const told: unknown = JSON.parse(data);
        if (event === "progress") change({ progress: told as Progress });
        else if (event === "result") {
          change({ isRunning: false, found: { document, outcome: told as BacktestOutcome } });
          return;
        } else if (event === "fault") throw new ApiError(400, { detail: (told as { message: string }).message });
      }
      throw new ApiError(0, "");
    } catch (error) {
      if (!abort.signal.aborted) change({ isRunning: false, error: error instanceof Error ? error : new Error() });
    }
  },
  cancel: () => {
    running?.abort();
    running = null;
    set({ isRunning: false, progress: null });
  },
  forget: () => {
    running?.abort();
    running = null;
    set(NOTHING);
  },
}));
