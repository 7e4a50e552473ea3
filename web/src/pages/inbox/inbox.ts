import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

const BASE = "/journey/orchestration";

export const CHANNELS = ["email", "sms", "push"] as const;

export interface Kept {
  id: number;
  messageId: string;
  channel: (typeof CHANNELS)[number];
  address: string;
  title: string;
  templateName: string | null;
  journeyUid: string | null;
  at: string;
}

export interface KeptWhole extends Kept {
  content: { subject?: string; html?: string; text?: string; title?: string; body?: string; image?: string };
  headers: { name: string; value: string }[];
  source: string | null;
}

export interface InboxSearch {
  channel?: string;
  address?: string;
  before?: number;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export function readInboxSearch(search: Record<string, unknown>): InboxSearch {
  const before = Number(search.before);
  return {
    channel: CHANNELS.find((one) => one === search.channel),
    address: text(search.address),
    before: Number.isInteger(before) && before > 0 ? before : undefined,
  };
}

export const inboxQuery = (search: InboxSearch) =>
  queryOptions({
    queryKey: ["inbox", "list", search],
    queryFn: () =>
      call<{ results: Kept[]; next: number | null }>("GET", `${BASE}/inbox`, { query: { ...search, pageSize: 50 } }),
    refetchInterval: 10_000,
  });

export const keptQuery = (uid: string) =>
  queryOptions({
    queryKey: ["inbox", "one", uid],
    queryFn: () => call<KeptWhole>("GET", `${BASE}/inbox/${encodeURIComponent(uid)}`),
  });

/** What became of it; the events that the provider told. */
export const fateQuery = (uid: string) =>
  queryOptions({
    queryKey: ["inbox", "fate", uid],
    queryFn: () => call<unknown>("GET", `${BASE}/messages/${encodeURIComponent(uid)}`),
  });

export const emptyInbox = () => call<{ deleted: number }>("DELETE", `${BASE}/inbox`);
