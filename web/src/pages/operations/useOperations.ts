import { useEffect, useState } from "react";
import { ApiError } from "@/api/error";
import { listen } from "@/api/events";
import { type Operations, readOperations, type Sample, sampleOf, withSample } from "./operations";

const PATH = "/parcours/operations/live";
const SAMPLE_MS = 2_000;
const AGAIN_MS = 5_000;

interface Live {
  now: Operations | null;
  samples: Sample[];
  /** Why nothing more comes; it is tried again as long as the server may come back. */
  error: unknown;
}

/** The server's figures as they change, and the last five minutes of them, one every two seconds. */
export function useOperations(): Live & { retry: () => void } {
  const [live, setLive] = useState<Live>({ now: null, samples: [], error: null });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew
  useEffect(() => {
    const stop = new AbortController();
    let again: ReturnType<typeof setTimeout> | undefined;
    let latest: Operations | null = null;
    let sampled: { now: Operations; at: number } | null = null;
    const sample = () => {
      if (latest === null) return;
      const [at, now] = [Date.now(), latest];
      const taken = sampleOf(sampled, now, at);
      sampled = { now, at };
      setLive((before) => ({ ...before, samples: withSample(before.samples, taken) }));
    };
    const follow = async () => {
      try {
        for await (const event of listen(PATH, stop.signal)) {
          const isFirst = latest === null;
          latest = readOperations(JSON.parse(event.data), Date.now());
          const now = latest;
          setLive((before) => ({ ...before, now, error: null }));
          if (isFirst) sample();
        }
        again = setTimeout(follow, SAMPLE_MS);
      } catch (error) {
        if (stop.signal.aborted) return;
        latest = null;
        setLive((before) => ({ ...before, error }));
        const mayComeBack = !(error instanceof ApiError) || error.isOffline || error.status >= 500;
        if (mayComeBack) again = setTimeout(follow, AGAIN_MS);
      }
    };
    const ticking = setInterval(sample, SAMPLE_MS);
    void follow();
    return () => {
      stop.abort();
      clearInterval(ticking);
      clearTimeout(again);
    };
  }, [attempt]);
  return { ...live, retry: () => setAttempt(attempt + 1) };
}
