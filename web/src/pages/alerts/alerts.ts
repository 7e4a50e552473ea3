import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

const BASE = "/journey/orchestration";

/** docs/reference/reports.md; with the usual threshold in percent, null where there is none. */
export const KINDS = {
  customActionErrorRate: 20,
  customActionCapping: 0,
  profileDiscardRate: 20,
  profileErrorRate: 20,
  readAudienceUnsuccessful: 0,
  journeyPublished: null,
  journeyFinished: null,
  journeyApprovalRequested: null,
  journeyChangesRequested: null,
} as const;
export type Kind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as Kind[];
export const STATES = ["open", "resolved"] as const;

export interface Notice {
  uid: string;
  event: string;
  state: string;
  attempts: number;
  error: string | null;
}

export interface Alert {
  uid: string;
  kind: string;
  state: "open" | "resolved" | "information";
  subscriptionUid: string;
  journeyUid: string;
  versionUid: string;
  journeyName: string | null;
  openedAt: string;
  nodeId?: string | null;
  thresholdPercent?: number;
  percent?: number;
  count?: number;
  of?: number;
  worstPercent?: number;
  lastAboveAt?: string;
  resolvedAt?: string | null;
  notices?: Notice[];
}

export interface Threshold {
  percent?: number;
  minimum?: number;
}

export interface Subscription {
  uid: string;
  name: string;
  journeyUid: string | null;
  alerts: Kind[];
  thresholds: Partial<Record<Kind, Threshold>>;
  webhook: { url: string; secret?: string | null } | null;
}

export type SubscriptionBody = Omit<Subscription, "uid">;

export interface AlertsSearch {
  tab?: "alerts" | "subscriptions";
  kind?: Kind;
  state?: (typeof STATES)[number];
  page?: number;
  /** Uid of the alert that is shown whole. */
  alert?: string;
  /** Uid of the subscription that is edited, or `new`. */
  subscription?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export function readAlertsSearch(search: Record<string, unknown>): AlertsSearch {
  const page = Number(search.page);
  return {
    tab: search.tab === "subscriptions" ? "subscriptions" : undefined,
    kind: KIND_NAMES.find((kind) => kind === search.kind),
    state: STATES.find((state) => state === search.state),
    page: Number.isInteger(page) && page > 0 ? page : undefined,
    alert: text(search.alert),
    subscription: text(search.subscription),
  };
}

export const PAGE_SIZE = 50;

/** One more than a page, to know whether there is a next. */
export const alertsQuery = (search: AlertsSearch) =>
  queryOptions({
    queryKey: ["alerts", "list", search.kind, search.state, search.page],
    queryFn: async () =>
      (
        await call<{ results: Alert[] }>("GET", `${BASE}/alerts`, {
          query: { kind: search.kind, state: search.state, page: search.page ?? 0, pageSize: PAGE_SIZE },
        })
      ).results,
    refetchInterval: 15_000,
  });

export const alertQuery = (uid: string) =>
  queryOptions({
    queryKey: ["alerts", "one", uid],
    queryFn: () => call<Alert>("GET", `${BASE}/alerts/${encodeURIComponent(uid)}`),
  });

export const subscriptionsQuery = queryOptions({
  queryKey: ["alerts", "subscriptions"],
  queryFn: async () => (await call<{ results: Subscription[] }>("GET", `${BASE}/alertSubscriptions`)).results,
});

/** Journeys by uid and name, to subscribe to one of them. */
export const journeyNamesQuery = queryOptions({
  queryKey: ["alerts", "journeys"],
  queryFn: async () =>
    (await call<{ results: { uid: string; name: string }[] }>("POST", `${BASE}/list/journeys`)).results,
});

export const saveSubscription = (uid: string | null, body: SubscriptionBody) =>
  uid === null
    ? call<Subscription>("POST", `${BASE}/alertSubscriptions`, { body })
    : call<Subscription>("PUT", `${BASE}/alertSubscriptions/${encodeURIComponent(uid)}`, { body });

export const deleteSubscription = (uid: string) =>
  call<void>("DELETE", `${BASE}/alertSubscriptions/${encodeURIComponent(uid)}`);

/** What the form holds as the server takes it: thresholds of the chosen kinds only, and only where they differ. */
export function bodyOf(draft: SubscriptionBody): SubscriptionBody {
  const thresholds: SubscriptionBody["thresholds"] = {};
  for (const kind of draft.alerts) {
    const usual = KINDS[kind];
    const own = draft.thresholds[kind];
    if (usual === null || own === undefined) continue;
    const differing: Threshold = {};
    if (own.percent !== undefined && own.percent !== usual) differing.percent = own.percent;
    if (own.minimum !== undefined && own.minimum !== 1) differing.minimum = own.minimum;
    if (Object.keys(differing).length > 0) thresholds[kind] = differing;
  }
  const url = draft.webhook?.url.trim() ?? "";
  const secret = draft.webhook?.secret;
  return { ...draft, thresholds, webhook: url === "" ? null : { url, ...(secret ? { secret } : {}) } };
}
