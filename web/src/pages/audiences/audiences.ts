import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { send } from "@/api/client";

const AUDIENCES = "/data/core/ups/audiences";

export interface Audience {
  id: string;
  name: string;
  description?: string;
  identityNamespace?: string;
  evaluationStatus?: string;
  metrics?: { totalProfiles?: number };
  usedIn?: number;
}

export const MODES = ["replace", "add", "remove"] as const;
export type Mode = (typeof MODES)[number];

export const audiencesQuery = queryOptions({
  queryKey: ["audiences", "list"],
  queryFn: async () => {
    const found: Audience[] = [];
    for (let start = 0; start < 5_000; start += 500) {
      const { children } = await call<{ children: Audience[] }>("GET", AUDIENCES, {
        query: { limit: 500, start, sort: "name:asc" },
      });
      found.push(...children);
      if (children.length < 500) break;
    }
    return found;
  },
  refetchInterval: 10_000,
});

/** Members and uploads as the server tells them. */
export const partQuery = (id: string, part: "members" | "uploads") =>
  queryOptions({
    queryKey: ["audiences", part, id],
    queryFn: () => call<unknown>("GET", `${AUDIENCES}/${id}/${part}`, { query: { limit: 50 } }),
    refetchInterval: 5_000,
  });

export const createAudience = (name: string, identityNamespace: string) =>
  call<Audience>("POST", AUDIENCES, { body: { name, identityNamespace } });

export const deleteAudience = (id: string) => call("DELETE", `${AUDIENCES}/${id}`);

/** A whole list in one request; the server says no to one that is too long for that. */
export const upload = (id: string, file: File, mode: Mode) =>
  send(`${AUDIENCES}/${id}/members?mode=${mode}`, {
    method: "POST",
    headers: { "Content-Type": typeOf(file.name) },
    body: file,
  });

export function typeOf(name: string): string {
  if (/\.json$/i.test(name)) return "application/json";
  return /\.(jsonl|ndjson)$/i.test(name) ? "application/jsonl" : "text/csv";
}
