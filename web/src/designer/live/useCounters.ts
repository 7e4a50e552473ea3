import { useEffect, useState } from "react";
import { listen } from "@/api/events";
import type { Counters } from "./counters";

const AGAIN_MS = 3_000;

/** The counters of a version as they change; null before the first, and when there is nothing to listen to. */
export function useCounters(versionUid: string, isOn: boolean): { counters: Counters | null; isLost: boolean } {
  const [counters, setCounters] = useState<Counters | null>(null);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (!isOn) return;
    const abort = new AbortController();
    const follow = async () => {
      while (!abort.signal.aborted) {
        try {
          for await (const { data } of listen(
            `/journey/orchestration/journeyVersions/${versionUid}/report/live`,
            abort.signal,
          )) {
            setCounters(JSON.parse(data) as Counters);
            setLost(false);
          }
        } catch {
          if (!abort.signal.aborted) setLost(true);
        }
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    };
    void follow();
    return () => abort.abort();
  }, [versionUid, isOn]);
  return { counters, isLost };
}
