import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { Channel } from "./search";
import { type Stored, withEtag } from "./templates";

const ROOT = "/journey/orchestration";
const BASE = `${ROOT}/channelConfigurations`;

export type SettingValue = string | number | boolean | string[];

/** docs/reference/channels.md: through whom messages leave. */
export interface ConfigurationDocument {
  name: string;
  description: string;
  channel: Channel;
  provider: { kind: string; settings: Record<string, SettingValue> };
  sender: Record<string, string>;
  tracking: { opens: boolean; links: boolean };
  unsubscribe: boolean;
  retrySeconds: number;
  softBounces: number;
  feedbackSecret: string | null;
  isDefault: boolean;
}

export interface Configuration extends ConfigurationDocument {
  uid: string;
}

export interface Suppression {
  channel: Channel;
  address: string;
  reason: string;
  note: string | null;
  addedAt: string;
}

const of = (uid: string) => `${BASE}/${encodeURIComponent(uid)}`;

export const configurationsQuery = queryOptions({
  queryKey: ["channels", "list"],
  queryFn: async () => (await call<{ results: Configuration[] }>("GET", BASE)).results,
});

export const configurationQuery = (uid: string) =>
  queryOptions({
    queryKey: ["channels", "one", uid],
    queryFn: () => withEtag<Configuration>("GET", of(uid)),
    refetchOnWindowFocus: false,
  });

export const saveConfiguration = (
  uid: string | null,
  body: ConfigurationDocument,
  etag: string,
): Promise<Stored<Configuration>> =>
  uid === null ? withEtag("POST", BASE, body) : withEtag("PUT", of(uid), body, etag);

export const deleteConfiguration = (uid: string) => call<void>("DELETE", of(uid));

/** Where a provider posts what became of messages. */
export const feedbackUrl = (origin: string, uid: string) => `${origin}/m/f/${uid}`;

export const SUPPRESSIONS_PAGE = 50;

export const suppressionsQuery = (channel: Channel | undefined, address: string | undefined, page: number) =>
  queryOptions({
    queryKey: ["channels", "suppressions", channel, address, page],
    queryFn: async () =>
      (
        await call<{ results: Suppression[] }>("GET", `${ROOT}/suppressions`, {
          query: { channel, address, page, pageSize: SUPPRESSIONS_PAGE },
        })
      ).results,
  });

export const suppress = (body: { channel: Channel; address: string; note: string | null }) =>
  call<Suppression>("POST", `${ROOT}/suppressions`, { body });

export const unsuppress = ({ channel, address }: Pick<Suppression, "channel" | "address">) =>
  call<void>("DELETE", `${ROOT}/suppressions`, { query: { channel, address } });

export interface Namespace {
  code: string;
  name: string;
}

export const namespacesQuery = queryOptions({
  queryKey: ["references", "namespaces"],
  queryFn: () => call<Namespace[]>("GET", "/data/core/idnamespace/identities"),
  staleTime: 60_000,
});
