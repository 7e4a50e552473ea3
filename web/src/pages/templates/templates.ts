import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { send } from "@/api/client";
import type { Attachment, TemplateDocument } from "./draft";
import type { Channel } from "./search";

const BASE = "/journey/orchestration/messageTemplates";
const PAGE = 100;

/** docs/reference/channels.md. */
export interface Template extends TemplateDocument {
  uid: string;
  state: "draft" | "published" | "modified";
  version: number;
  published: { version: number; at: string } | null;
  usedIn: number;
  metadata: { lastModifiedAt: string };
}

export interface Version {
  version: number;
  name: string;
  isPublication: boolean;
}

export interface SmsLength {
  encoding: string;
  units: number;
  segments: number;
  left: number;
  notGsm7: string[] | string;
}

/** The message made of a draft. */
export interface Previewed {
  channel: Channel;
  subject?: string;
  preheader?: string;
  fromName?: string;
  html?: string;
  text?: string;
  title?: string;
  body?: string;
  link?: string;
  image?: string;
  data?: Record<string, string>;
  attachments: Attachment[];
  length?: SmsLength;
  /** Fields without value. */
  missing: string[];
}

export interface Stored<T> {
  data: T;
  etag: string;
}

const of = (uid: string) => `${BASE}/${encodeURIComponent(uid)}`;

/** A call whose answer is a thing with its etag. */
export async function withEtag<T>(method: string, path: string, body?: unknown, etag?: string): Promise<Stored<T>> {
  const response = await send(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(etag ? { "if-match": etag } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { data: (await response.json()) as T, etag: response.headers.get("etag") ?? "" };
}

export const templatesQuery = queryOptions({
  queryKey: ["templates", "list"],
  queryFn: async ({ signal }) => {
    const found: Template[] = [];
    for (let page = 0; ; page++) {
      const answer = await call<{ results: Template[]; pages: number }>("GET", BASE, {
        query: { orderby: "name", page, pageSize: PAGE },
        signal,
      });
      found.push(...answer.results);
      if (page + 1 >= answer.pages) return found;
    }
  },
});

export const templateQuery = (uid: string) =>
  queryOptions({
    queryKey: ["templates", "one", uid],
    queryFn: () => withEtag<Template>("GET", of(uid)),
    refetchOnWindowFocus: false,
  });

export const versionsQuery = (uid: string) =>
  queryOptions({
    queryKey: ["templates", "versions", uid],
    queryFn: async () => (await call<{ results: Version[] }>("GET", `${of(uid)}/versions`)).results,
  });

export const versionQuery = (uid: string, version: number) =>
  queryOptions({
    queryKey: ["templates", "versions", uid, version],
    queryFn: () => call<TemplateDocument>("GET", `${of(uid)}/versions/${version}`),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** body: the template and the values, as JSON; null asks nothing. */
export const previewQuery = (body: string | null) =>
  queryOptions({
    queryKey: ["templates", "preview", body],
    queryFn: ({ signal }) => call<Previewed>("POST", `${BASE}/preview`, { body: JSON.parse(body ?? "{}"), signal }),
    enabled: body !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    retry: false,
  });

export const saveTemplate = (uid: string | null, body: TemplateDocument, etag: string) =>
  uid === null ? withEtag<Template>("POST", BASE, body) : withEtag<Template>("PUT", of(uid), body, etag);

export const publishTemplate = (uid: string, etag: string) =>
  withEtag<Template>("POST", `${of(uid)}/publish`, undefined, etag);

export const restoreVersion = (uid: string, version: number) =>
  withEtag<Template>("POST", `${of(uid)}/versions/${version}/restore`);

export const deleteTemplate = (uid: string) => call<void>("DELETE", of(uid));

export const sendProof = (uid: string, body: Record<string, unknown>) =>
  call<unknown>("POST", `${of(uid)}/proof`, { body });
