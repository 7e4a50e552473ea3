import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { send } from "@/api/client";
import type { TokenTrial, Tried, UsingJourney } from "@/pages/actions/actions";
import type { AuthenticationDocument } from "@/pages/actions/document";

const BASE = "/journey/orchestration/dataSources";
const PAGE = 100;
export const BUILT_IN = "ExperiencePlatform";
export const CACHE_UNITS = ["milliseconds", "seconds", "minutes", "hours", "days"] as const;

export interface FieldGroup {
  name: string;
  description?: string;
  method?: "GET" | "POST";
  dynamicValues?: string[];
  sentPayload?: unknown;
  responsePayload?: unknown;
  types?: Record<string, string>;
  cacheDuration?: { duration: number; timeUnit: (typeof CACHE_UNITS)[number] } | null;
  /** Of the built-in source: the attributes it reads. */
  fields?: string[];
}

/** docs/reference/data-sources.md. */
export interface DataSource {
  uid: string;
  name: string;
  description?: string;
  url?: string;
  authentication?: AuthenticationDocument;
  fieldGroups: FieldGroup[];
  usedIn: number;
}

export interface ReadSource {
  source: DataSource;
  etag: string;
}

export type TriedGroup = Tried & { data: unknown };

const of = (uid: string) => `${BASE}/${encodeURIComponent(uid)}`;

export const sourcesQuery = queryOptions({
  queryKey: ["dataSources", "list"],
  queryFn: async ({ signal }) => {
    const found: DataSource[] = [];
    for (let page = 0; ; page++) {
      const answer = await call<{ results: DataSource[]; pages?: number }>("GET", BASE, {
        query: { page, pageSize: PAGE },
        signal,
      });
      found.push(...answer.results);
      if (page + 1 >= (answer.pages ?? 0)) return found;
    }
  },
});

export const sourceQuery = (uid: string) =>
  queryOptions({
    queryKey: ["dataSources", "one", uid],
    queryFn: async ({ signal }): Promise<ReadSource> => withEtag(await send(of(uid), { signal })),
    refetchOnWindowFocus: false,
  });

export const journeysQuery = (uid: string) =>
  queryOptions({
    queryKey: ["dataSources", "journeys", uid],
    queryFn: async () => (await call<{ results: UsingJourney[] }>("GET", `${of(uid)}/journeys`)).results,
  });

/** Make a source, or write one anew if it still is what was read. */
export async function saveSource(body: unknown, before: ReadSource | null): Promise<ReadSource> {
  return withEtag(
    await send(before === null ? BASE : of(before.source.uid), {
      method: before === null ? "POST" : "PUT",
      headers: { "content-type": "application/json", ...(before === null ? {} : { "if-match": before.etag }) },
      body: JSON.stringify(body),
    }),
  );
}

export const deleteSource = (uid: string) => call<void>("DELETE", of(uid));

export const testAuthentication = (uid: string) => call<TokenTrial>("POST", `${of(uid)}/testAuthentication`);

export const tryGroup = (uid: string, group: string, parameters: Record<string, unknown>) =>
  call<TriedGroup>("POST", `${of(uid)}/fieldGroups/${encodeURIComponent(group)}/test`, { body: { parameters } });

async function withEtag(response: Response): Promise<ReadSource> {
  return { source: (await response.json()) as DataSource, etag: response.headers.get("etag") ?? "" };
}
