import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { send } from "@/api/client";
import type { EventType } from "./eventsSearch";

const BASE = "/journey/orchestration/events";
const PAGE = 100;

/** docs/reference/events.md. */
export interface EventConfiguration {
  uid: string;
  name: string;
  description?: string;
  type: EventType;
  idType: "systemGenerated" | "ruleBased";
  eventID: string | null;
  schemaRef: { id: string };
  fields: string[];
  idCondition: string | null;
  namespace: string | null;
  profileIdentifier: string | null;
  /** Where rows of related schemas are read. */
  related?: RelatedRows[];
  maxAgeSeconds: number | null;
  usedIn: number;
}

/** How to send an event to one inlet. */
export interface SendRequest {
  inlet: string | { name?: string };
  flowId: string;
  url: string;
  curl: string;
}

/** The data set whose rows a linking field, given by its pointer, names. */
export interface RelatedRows {
  property: string;
  datasetId: string;
}

/** A schema whose fields an event may have, since one of its own names a record of it. */
export interface RelatedSchema {
  /** Pointer of the linking field. */
  property: string;
  /** Pointer below which the record stands. */
  at: string;
  schema: { id: string; title: string };
  /** Pointer of the record's field that holds what the linking field does. */
  key: string;
  /** Those that are enabled for lookup by that key. */
  dataSets: { id: string; name: string }[];
  document: unknown;
}

export interface UsingJourney {
  uid: string;
  name: string;
  versions: { uid: string; version: string; status: string }[];
}

const of = (uid: string) => `${BASE}/${encodeURIComponent(uid)}`;

export const eventsQuery = queryOptions({
  queryKey: ["events", "list"],
  queryFn: async ({ signal }) => {
    const found: EventConfiguration[] = [];
    for (let page = 0; ; page++) {
      const answer = await call<{ results: EventConfiguration[]; pages: number }>("GET", BASE, {
        query: { orderby: "name", page, pageSize: PAGE },
        signal,
      });
      found.push(...answer.results);
      if (page + 1 >= answer.pages) return found;
    }
  },
});

export const eventQuery = (uid: string) =>
  queryOptions({ queryKey: ["events", "one", uid], queryFn: () => call<EventConfiguration>("GET", of(uid)) });

export const payloadQuery = (uid: string, values: "types" | "examples") =>
  queryOptions({
    queryKey: ["events", "payload", uid, values],
    queryFn: () => call<unknown>("GET", `${of(uid)}/payload`, { query: { values } }),
  });

export const relatedQuery = (schemaId: string) =>
  queryOptions({
    queryKey: ["events", "related", schemaId],
    queryFn: async () =>
      (await call<{ results: RelatedSchema[] }>("GET", `${BASE}/related`, { query: { schema: schemaId } })).results,
  });

export const requestsQuery = (uid: string) =>
  queryOptions({
    queryKey: ["events", "requests", uid],
    queryFn: async () => (await call<{ results: SendRequest[] }>("GET", `${of(uid)}/requests`)).results,
  });

export const journeysOfEventQuery = (uid: string) =>
  queryOptions({
    queryKey: ["events", "journeys", uid],
    queryFn: async () => (await call<{ results: UsingJourney[] }>("GET", `${of(uid)}/journeys`)).results,
  });

export interface ReadEvent {
  event: EventConfiguration;
  etag: string;
}

/** An event as it is now, to be written anew: never read again under somebody's hands. */
export const eventToEditQuery = (uid: string) =>
  queryOptions({
    queryKey: ["eventToEdit", uid],
    queryFn: async ({ signal }): Promise<ReadEvent> => {
      const response = await send(of(uid), { signal });
      return { event: (await response.json()) as EventConfiguration, etag: response.headers.get("etag") ?? "" };
    },
    refetchOnWindowFocus: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Make an event, or write one anew if it still is what was read. */
export const saveEvent = (body: unknown, before: ReadEvent | null) =>
  call<EventConfiguration>(before === null ? "POST" : "PUT", before === null ? BASE : of(before.event.uid), {
    body,
    headers: before === null ? {} : { "if-match": before.etag },
  });

export const deleteEvent = (uid: string) => call<void>("DELETE", of(uid));

export const sendEvent = (uid: string, payload: unknown) =>
  call<{ _id: string; xactionId: string }>("POST", `${of(uid)}/send`, { body: { payload } });
