import { queryOptions } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { call } from "@/api/call";

/** A journey that jumps into the one that is shown. */
export interface Origin {
  uid: string;
  name: string;
  versions: { uid: string; version: string; status: string }[];
}

export const jumpsQuery = (journeyUid: string) =>
  queryOptions({
    queryKey: ["journeys", "jumps", journeyUid],
    queryFn: async () =>
      (
        await call<{ results: Origin[] }>(
          "GET",
          `/journey/orchestration/journeys/${encodeURIComponent(journeyUid)}/jumps`,
        )
      ).results,
    staleTime: 60_000,
  });

export const JumpsContext = createContext<readonly Origin[]>([]);

export const useJumps = (): readonly Origin[] => useContext(JumpsContext);
