import { useEffect, useState } from "react";
import { ApiError } from "@/api/error";
import { listen } from "@/api/events";
import { type Operations, readOperations, type Sample, sampleOf, withSample } from "./operations";

const PATH = "/parcours/operations/live";

interface Live {
  now: Operations | null;
  samples: Sample[];
  /** Why nothing more comes; it is tried again as long as the server may come back. */
  error: unknown;
}

/** The server's figures as they come, and the last five minutes of them. */
export function useOperations(): Live & { retry: () => void } {
  const [live, setLive] = useState<Live>({ now: null, samples: [], error: null });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async () => {
      try {
        for await (const event of listen(PATH, stop.signal)) {
          const now = readOperations(JSON.parse(event.data));
          setLive((before) => ({
            now,
            samples: withSample(before.samples, sampleOf(before.now, now)),
            error: null,
          }));
        }
        timer = setTimeout(follow, 2_000);
      } catch (error) {
        if (stop.signal.aborted) return;
        setLive((before) => ({ ...before, error }));
        const mayComeBack = !(error instanceof ApiError) || error.isOffline || error.status >= 500;
        if (mayComeBack) timer = setTimeout(follow, 5_000);
      }
    };
    void follow();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [attempt]);
  return { ...live, retry: () => setAttempt(attempt + 1) };
}
