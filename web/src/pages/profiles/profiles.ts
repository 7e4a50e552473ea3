import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { ApiError } from "@/api/error";

const ENTITIES = "/data/core/ups/access/entities";

export interface ProfileSearch {
  namespace?: string;
  id?: string;
  tab?: (typeof PROFILE_TABS)[number];
  start?: string;
}

export const PROFILE_TABS = ["attributes", "events", "journeys", "audiences", "messages"] as const;

const text = (value: unknown) =>
  (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;

export const readProfileSearch = (search: Record<string, unknown>): ProfileSearch => ({
  namespace: text(search.namespace),
  id: text(search.id),
  tab: PROFILE_TABS.find((one) => one === search.tab),
  start: text(search.start),
});

export interface Profile {
  sources: string[];
  entity: Record<string, unknown> & { identityMap?: Record<string, { id: string }[]> };
  lastModifiedAt?: string;
}

export interface ProfileEvent {
  entityId: string;
  timestamp: number;
  entity: { eventType?: string };
  sources: string[];
}

export interface Instance {
  id: string;
  journeyUid: string;
  versionUid: string;
  journey: string;
  status: string;
  nodeId: string | null;
  enteredAtUs: number;
  steps: {
    seq: number;
    atUs: number;
    nodeName?: string;
    nodeType?: string;
    stepStatus?: string;
    transition?: string;
  }[];
}

/** Null when nobody has the identity. */
export const profileQuery = (namespace: string, id: string) =>
  queryOptions({
    queryKey: ["profiles", "one", namespace, id],
    queryFn: async () => {
      try {
        const found = await call<Record<string, Profile>>("GET", ENTITIES, {
          query: { "schema.name": "_xdm.context.profile", entityId: id, entityIdNS: namespace },
        });
        return Object.values(found)[0] ?? null;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

export const eventsQuery = (namespace: string, id: string, start: string | undefined) =>
  queryOptions({
    queryKey: ["profiles", "events", namespace, id, start],
    queryFn: () =>
      call<{ children: ProfileEvent[]; _page: { next?: string } }>("GET", ENTITIES, {
        query: {
          "schema.name": "_xdm.context.experienceevent",
          "relatedSchema.name": "_xdm.context.profile",
          relatedEntityId: id,
          relatedEntityIdNS: namespace,
          orderby: "-timestamp",
          limit: 50,
          start,
        },
      }),
  });

export const traceQuery = (namespace: string, identity: string) =>
  queryOptions({
    queryKey: ["profiles", "trace", namespace, identity],
    queryFn: () =>
      call<{ instances: Instance[] }>("GET", "/journey/orchestration/trace", { query: { identity, namespace } }),
  });

export interface Sent {
  messageId: string;
  channel: string;
  address: string;
  templateName: string | null;
  status: string;
  reason: string | null;
  at: string;
}

export const sentQuery = (address: string) =>
  queryOptions({
    queryKey: ["profiles", "messages", address],
    queryFn: () =>
      call<{ results: Sent[] }>("GET", "/journey/orchestration/messages", { query: { address, pageSize: 100 } }),
  });

type Memberships = Record<string, Record<string, { status: string; lastQualificationTime?: string }>>;

export const membershipsQuery = (namespace: string, id: string) =>
  queryOptions({
    queryKey: ["profiles", "audiences", namespace, id],
    queryFn: async () => {
      const path = "/data/core/ups/audiences/memberships";
      const query = { entityId: id, entityIdNS: namespace };
      const { segmentMembership } = await call<{ segmentMembership: Memberships }>("GET", path, { query });
      return Object.values(segmentMembership).flatMap((ones) =>
        Object.entries(ones).map(([audienceId, one]) => ({ audienceId, ...one })),
      );
    },
  });

export const deleteProfile = (namespace: string, id: string) =>
  call("DELETE", ENTITIES, {
    query: { "schema.name": "_xdm.context.profile", entityId: id, entityIdNS: namespace },
    body: { schema: { name: "_xdm.context.profile" }, entityId: id, entityIdNS: namespace },
  });

/** The attributes that have a value, by path. */
export function attributesOf(entity: unknown): { path: string; value: string }[] {
  const found: { path: string; value: string }[] = [];
  const visit = (value: unknown, path: string) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [name, below] of Object.entries(value)) visit(below, path === "" ? name : `${path}.${name}`);
    } else {
      found.push({ path, value: Array.isArray(value) ? JSON.stringify(value) : String(value) });
    }
  };
  visit(entity, "");
  return found.filter((one) => !one.path.startsWith("identityMap."));
}
