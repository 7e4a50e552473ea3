import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { send } from "@/api/client";
import type { ActionDocument } from "./document";

const BASE = "/journey/orchestration/actions";
const PAGE = 100;

/** docs/reference/actions.md, as it is read. */
export interface Action extends ActionDocument {
  uid: string;
  usedIn: number;
}

export interface UsingJourney {
  uid: string;
  name: string;
  versions: { uid: string; version: string; status: string }[];
}

/** What a test request was, and what it was answered with. */
export interface Tried {
  request: { method: string; url: string; headers: Record<string, string>; body: unknown };
  response: { status: number; headers: Record<string, string>; body: unknown } | null;
  durationMs: number;
  /** Why no answer came. */
  reason: string | null;
}

/** What became of a token call that was made alone. */
export interface TokenTrial {
  ok: boolean;
  /** Why no token came. */
  reason: string | null;
  durationMs: number;
}

const of = (uid: string) => `${BASE}/${encodeURIComponent(uid)}`;

export const actionsQuery = queryOptions({
  queryKey: ["actions", "list"],
  queryFn: async ({ signal }) => {
    const found: Action[] = [];
    for (let page = 0; ; page++) {
      const answer = await call<{ results: Action[]; pages: number }>("GET", BASE, {
        query: { orderby: "name", page, pageSize: PAGE },
        signal,
      });
      found.push(...answer.results);
      if (page + 1 >= answer.pages) return found;
    }
  },
});

export interface ReadAction {
  action: Action;
  etag: string;
}

export const actionQuery = (uid: string) =>
  queryOptions({
    queryKey: ["actions", "one", uid],
    queryFn: async ({ signal }) => withEtag(await send(of(uid), { signal })),
  });

export const journeysOfActionQuery = (uid: string) =>
  queryOptions({
    queryKey: ["actions", "journeys", uid],
    queryFn: async () => (await call<{ results: UsingJourney[] }>("GET", `${of(uid)}/journeys`)).results,
  });

/** Make an action, or write one anew if it still is what `etag` names. */
export async function saveAction(body: unknown, before: { uid: string; etag: string } | null): Promise<ReadAction> {
  const response = await send(before === null ? BASE : of(before.uid), {
    method: before === null ? "POST" : "PUT",
    headers: { "content-type": "application/json", ...(before === null ? {} : { "if-match": before.etag }) },
    body: JSON.stringify(body),
  });
  return withEtag(response);
}

export const deleteAction = (uid: string) => call<void>("DELETE", of(uid));

export const tryAction = (uid: string, parameters: Record<string, unknown>, path: string) =>
  call<Tried>("POST", `${of(uid)}/test`, { body: path === "" ? { parameters } : { parameters, path } });

export const testAuthentication = (uid: string) => call<TokenTrial>("POST", `${of(uid)}/testAuthentication`);

async function withEtag(response: Response): Promise<ReadAction> {
  return { action: (await response.json()) as Action, etag: response.headers.get("etag") ?? "" };
}
