import { queryOptions } from "@tanstack/react-query";
import { api, readWithEtag } from "@/api/client";
import type { JourneyDocument } from "@/flow/document";

export type Status =
  | "Draft"
  | "Testing"
  | "In Review"
  | "Dry Run"
  | "Deployed"
  | "Paused"
  | "Closed"
  | "Stopped"
  | "Finished";

/** Whether people are, or were, in a version of this status. */
export const hasPeople = (status: Status): boolean => status !== "Draft" && status !== "In Review";

/** One version of a journey (docs/reference/http-api.md, Journeys). */
export interface JourneyVersion {
  uid: string;
  journeyUid: string;
  name: string;
  description: string;
  version: string;
  status: Status;
  orgId: string;
  sandboxName: string;
  /** Of the last pause. */
  pausedJourneySettings?: object;
  document: JourneyDocument;
  metadata: Record<string, string | undefined>;
}

export const versionQuery = (uid: string) =>
  queryOptions({
    // with its etag: another thing than what the page of a journey keeps as "version"
    queryKey: ["journeys", "draft", uid],
    queryFn: () =>
      readWithEtag<JourneyVersion>(
        api.GET("/journey/orchestration/journeyVersions/{uid}", { params: { path: { uid } } }),
      ),
    staleTime: 0,
    refetchOnWindowFocus: false,
  });

/** Save a draft. Throws ApiError; its status is 412 when somebody else saved since `etag`. */
export const saveVersion = (uid: string, document: JourneyDocument, etag: string) =>
  readWithEtag<JourneyVersion>(
    api.PUT("/journey/orchestration/journeyVersions/{uid}", {
      params: { path: { uid } },
      headers: { "If-Match": etag },
      body: document,
    }),
  );
