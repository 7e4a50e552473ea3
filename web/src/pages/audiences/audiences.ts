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
  fields?: Field[];
}

/** One attribute that its lists have of a member. */
export interface Field {
  name: string;
  type: string;
}

export const FIELD_TYPES = ["string", "number", "integer", "long", "boolean", "date", "datetime"] as const;

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

export type Status = "realized" | "exited";

export interface AudienceSearch {
  /** How the identity begins. */
  q?: string;
  status?: Status;
  /** Where the page begins, as the server told with the page before. */
  start?: string;
  page?: number;
}

export interface Member {
  identity: { namespace: { code: string }; id: string };
  lastQualificationTime: string;
  attributes: Record<string, unknown>;
}

export interface Upload {
  id: string;
  mode: Mode;
  status: "NEW" | "QUEUED" | "PROCESSING" | "SUCCEEDED" | "FAILED" | "CANCELLED";
  reason: string | null;
  metrics: { rows: number; realized: number; exited: number };
  badRows: { line: number; reason: string }[];
  createdBy: string;
  createdAt?: string;
}

const PAGE = 50;

export const membersQuery = (id: string, { q, status, start }: AudienceSearch) =>
  queryOptions({
    queryKey: ["audiences", "members", id, q, status, start],
    queryFn: async () => {
      const answer = await call<{ children: Member[]; _page: { next: string } }>("GET", `${AUDIENCES}/${id}/members`, {
        query: { limit: PAGE, identity: q, status, start },
      });
      return { members: answer.children, next: answer._page.next || undefined };
    },
    refetchInterval: 10_000,
  });

/** The latest lists, as far as they are. */
export const uploadsQuery = (id: string) =>
  queryOptions({
    queryKey: ["audiences", "uploads", id],
    queryFn: async () =>
      (await call<{ children: Upload[] }>("GET", `${AUDIENCES}/${id}/uploads`, { query: { limit: 20 } })).children,
    refetchInterval: 5_000,
  });

export const createAudience = (name: string, identityNamespace: string) =>
  call<Audience>("POST", AUDIENCES, { body: { name, identityNamespace } });

export const saveFields = (id: string, fields: Field[]) =>
  call<Audience>("PATCH", `${AUDIENCES}/${id}`, { body: [{ op: "add", path: "/fields", value: fields }] });

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

/** What a list said of a member, on one line. */
export const attributesText = (attributes: Record<string, unknown>): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
