import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { FragmentContent } from "@/flow/fragment";

export const STATES = ["draft", "active", "archived"] as const;

/** A journey fragment (docs/reference/journeys-api.md, Fragments). */
export interface Fragment extends FragmentContent {
  uid: string;
  name: string;
  description: string;
  tags: string[];
  state: (typeof STATES)[number];
  metadata: { createdBy: string; createdAt: string; lastModifiedBy: string; lastModifiedAt: string };
}

export interface FragmentsAnswer {
  results: Fragment[];
  page: number;
  pages: number;
  total: number;
}

/** What a draft is written with. */
export type FragmentDraft = FragmentContent & Pick<Fragment, "name" | "description" | "tags">;

const BASE = "/journey/orchestration/fragments";
export const MOST_NODES = 20;
const MOST_LISTED = 100;

/** What a drag of the palette says of a fragment, before its uid. */
export const DRAGGED = "fragment:";

export interface FragmentsAsked {
  search?: string;
  state?: Fragment["state"];
  tag?: string;
  page?: number;
  pageSize?: number;
}

export const fragmentsQuery = (asked: FragmentsAsked) =>
  queryOptions({
    queryKey: ["fragments", asked],
    queryFn: ({ signal }) => call<FragmentsAnswer>("GET", BASE, { query: { ...asked }, signal }),
    staleTime: 20_000,
  });

/** Those that can be put into journeys. */
export const activeFragments = fragmentsQuery({ state: "active", pageSize: MOST_LISTED });
/** Those that may be replaced. */
export const draftFragments = fragmentsQuery({ state: "draft", pageSize: MOST_LISTED });

export const createFragment = (draft: FragmentDraft) => call<Fragment>("POST", BASE, { body: draft });

export const replaceFragment = (uid: string, draft: FragmentDraft) =>
  call<Fragment>("PUT", `${BASE}/${encodeURIComponent(uid)}`, { body: draft });

export const setFragmentState = (uid: string, verb: "activate" | "deactivate" | "archive" | "unarchive") =>
  call<Fragment>("POST", `${BASE}/${encodeURIComponent(uid)}/${verb}`);

export const deleteFragment = (uid: string) => call("DELETE", `${BASE}/${encodeURIComponent(uid)}`);

/** Tags as a person writes them, separated by commas. */
export const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ),
];
