import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { api, read } from "@/api/client";
import type { Fault } from "@/api/error";
import type { JourneyDocument } from "@/flow/document";

const QUIET_MS = 600;

interface Checked {
  valid: boolean;
  errors: Fault[];
  warnings: Fault[];
}

/** A value once it has not changed for a while. */
function useSettled<T>(value: T, afterMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return settled;
}

/** What is wrong with a document, asked anew a moment after each change; the former answer until the next is there. */
export function useFaults(document: JourneyDocument): { faults: Fault[]; isChecked: boolean; error: unknown } {
  const settled = useDeferredValue(useSettled(document, QUIET_MS));
  const { data, error } = useQuery({
    queryKey: ["journeys", "check", settled],
    queryFn: () => read<Checked>(api.POST("/journey/orchestration/journeys/check", { body: settled })),
    placeholderData: (before) => before,
    gcTime: 10_000,
    retry: false,
  });
  return { faults: data === undefined ? [] : [...data.errors, ...data.warnings], isChecked: data !== undefined, error };
}
