import { queryOptions } from "@tanstack/react-query";
import { call, type Query } from "@/api/call";
import { api, read } from "@/api/client";
import { type JourneyRow, readRow } from "./journey";

const BASE = "/journey/orchestration";

export interface JourneysPageAnswer {
  rows: JourneyRow[];
  hasNext: boolean;
  total: number | undefined;
}

/** A page of the list. */
export const journeysQuery = (query: Query) =>
  queryOptions({
    queryKey: ["journeys", "list", query],
    queryFn: async ({ signal }): Promise<JourneysPageAnswer> => {
      const answer = await call<{ results: unknown[]; page: number; pages: number; total?: number }>(
        "GET",
        `${BASE}/journeys`,
        { query, signal },
      );
      return { rows: answer.results.map(readRow), hasNext: answer.page + 1 < answer.pages, total: answer.total };
    },
    refetchInterval: 15_000,
  });

export interface Overview {
  profilesProcessed: number;
  liveJourneys: number;
  liveJourneysWithTraffic: number;
  failed: number;
  errorRate: number;
  discarded: number;
  discardRate: number;
  eventsWithoutJourney: number;
  journeys: { versionUid: string; journeyUid: string; entered: number }[];
}

export const overviewQuery = queryOptions({
  queryKey: ["journeys", "overview"],
  queryFn: () => read<Overview>(api.GET("/journey/orchestration/overview", {})),
  refetchInterval: 15_000,
});

export interface Metadata {
  createdBy: string;
  createdAt: string;
  lastModifiedBy: string;
  lastModifiedAt: string;
  firstDeployedBy?: string;
  firstDeployedAt?: string;
  lastDeployedBy?: string;
  lastDeployedAt?: string;
}

export interface Version {
  uid: string;
  journeyUid: string;
  name: string;
  description: string;
  version: string;
  status: string;
  metadata: Metadata;
  document: unknown;
}

export const journeyQuery = (uid: string) =>
  queryOptions({
    queryKey: ["journeys", "one", uid],
    queryFn: () => call<Record<string, unknown>>("GET", `${BASE}/journeys/${encodeURIComponent(uid)}`),
  });

export const versionQuery = (uid: string) =>
  queryOptions({
    queryKey: ["journeys", "version", uid],
    queryFn: () => call<Version>("GET", `${BASE}/journeyVersions/${encodeURIComponent(uid)}`),
  });

/** A verb of a version, such as `pause`. */
export const act = (versionUid: string, verb: string, body?: unknown) =>
  call<Version>("POST", `${BASE}/journeyVersions/${encodeURIComponent(versionUid)}/${verb}`, { body });

export const newVersion = (journeyUid: string) =>
  call<Version>("POST", `${BASE}/journeys/${encodeURIComponent(journeyUid)}/versions`);

export interface Created {
  uid: string;
  latestVersionUid: string;
}

export const createJourney = (document: unknown) => call<Created>("POST", `${BASE}/journeys`, { body: document });

/** How many entered, and how many stand in each status. */
export interface Counts {
  entered: number;
  status: Record<string, number>;
}

export const countsQuery = (versionUid: string) =>
  queryOptions({
    queryKey: ["journeys", "counts", versionUid],
    queryFn: () => call<Counts>("GET", `${BASE}/journeyVersions/${encodeURIComponent(versionUid)}/counts`),
    refetchInterval: 15_000,
  });

/** Everybody who has not left. */
export const insideOf = (counts: Counts): number => counts.status.active ?? 0;
