import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { type Stored, withEtag } from "../templates/templates";

const BASE = "/journey/orchestration/ruleSets";

export const DOMAINS = ["journey", "channel"] as const;
export type Domain = (typeof DOMAINS)[number];
export const STATES = ["draft", "active", "inactive"] as const;
export type State = (typeof STATES)[number];
export const RULE_TYPES = ["entryCap", "concurrencyCap", "frequencyCap", "quietHours"] as const;
export type RuleType = (typeof RULE_TYPES)[number];
export const CHANNELS = ["email", "sms", "push", "directMail", "whatsApp"] as const;
export const HANDLINGS = ["queue", "discard"] as const;
export const MOST_RULES = 50;
export const MOST_PERIODS = 5;

/** The longest window of each kind, in its own unit. */
export const MOST_EVERY = { hour: 23, day: 30, week: 4, month: 3 } as const;
export type Period = keyof typeof MOST_EVERY;
export const PERIODS = Object.keys(MOST_EVERY) as Period[];

/** When no message is sent: on week days, or from one date to another. */
export interface QuietPeriod {
  days?: string[];
  firstDate?: string;
  lastDate?: string;
  /** `21:00`; left out: from the beginning of the day. */
  from?: string;
  /** Left out: to the end of the day. */
  to?: string;
}

export interface Rule {
  id: string;
  name: string;
  type: RuleType;
  state: State;
  limit?: number;
  period?: Period;
  every?: number;
  lookAheadDays?: number;
  channels?: string[];
  periods?: QuietPeriod[];
  timeZone?: string;
  useProfileTimeZone?: boolean;
  handling?: (typeof HANDLINGS)[number];
}

/** docs/reference/rule-sets.md. */
export interface RuleSetBody {
  name: string;
  description: string;
  domain: Domain;
  isGlobal: boolean;
  state: State;
  rules: Rule[];
}

export interface RuleSet extends RuleSetBody {
  uid: string;
  usedIn: number;
  metadata: { lastModifiedBy: string; lastModifiedAt: string };
}

const of = (uid: string) => `${BASE}/${encodeURIComponent(uid)}`;

export const EMPTY_SET: RuleSetBody = {
  name: "",
  description: "",
  domain: "journey",
  isGlobal: false,
  state: "draft",
  rules: [],
};

/** What is stored of a set, without what is only shown. */
export const setBody = ({ name, description, domain, isGlobal, state, rules }: RuleSetBody): RuleSetBody => ({
  name,
  description,
  domain,
  isGlobal,
  state,
  rules,
});

/** The types of rules that a set may have: journeys are entered, messages are sent; quiet hours are never global. */
export function typesOf({ domain, isGlobal }: Pick<RuleSetBody, "domain" | "isGlobal">): RuleType[] {
  if (domain === "journey") return ["entryCap", "concurrencyCap"];
  return isGlobal ? ["frequencyCap"] : ["frequencyCap", "quietHours"];
}

const NEW: Record<RuleType, Partial<Rule>> = {
  entryCap: { limit: 1, period: "month", every: 1 },
  concurrencyCap: { limit: 1, lookAheadDays: 0 },
  frequencyCap: { limit: 3, period: "week", every: 1, channels: ["email"] },
  quietHours: { channels: ["email"], handling: "queue", useProfileTimeZone: true },
};
const NIGHT: QuietPeriod = {
  days: ["monday", "tuesday", "wednesday", "thursday", "friday"],
  from: "21:00",
  to: "08:00",
};

/** A rule with an id that the others don't have. */
export function newRule(type: RuleType, name: string, rules: readonly Rule[]): Rule {
  const taken = new Set(rules.map((rule) => rule.id));
  let number = rules.length + 1;
  while (taken.has(`rule${number}`)) number++;
  const members = type === "quietHours" ? { ...NEW.quietHours, periods: [NIGHT] } : NEW[type];
  return { id: `rule${number}`, name, type, state: "active", ...members };
}

/** The states that a stored set may go into; a new one is a draft, or active at once. */
export function statesFrom(state: State | null): State[] {
  if (state === null || state === "draft") return ["draft", "active"];
  return ["active", "inactive"];
}

/** The period on week days, or on dates: with what the other way has left out. */
export function periodBy(period: QuietPeriod, by: "days" | "dates", today: string): QuietPeriod {
  const { days = NIGHT.days, firstDate = today, lastDate = firstDate, ...times } = period;
  return by === "days" ? { ...times, days } : { ...times, firstDate, lastDate };
}

export const ruleSetsQuery = queryOptions({
  queryKey: ["ruleSets", "list"],
  queryFn: async () => (await call<{ results: RuleSet[] }>("GET", BASE)).results,
});

export const ruleSetQuery = (uid: string) =>
  queryOptions({
    queryKey: ["ruleSets", "one", uid],
    queryFn: () => withEtag<RuleSet>("GET", of(uid)),
    refetchOnWindowFocus: false,
  });

export const saveRuleSet = (uid: string | null, body: RuleSetBody, etag: string): Promise<Stored<RuleSet>> =>
  uid === null ? withEtag("POST", BASE, body) : withEtag("PUT", of(uid), body, etag);

export const setRuleSetState = (uid: string, verb: "activate" | "deactivate") =>
  call<RuleSet>("POST", `${of(uid)}/${verb}`);

export const deleteRuleSet = (uid: string) => call<void>("DELETE", of(uid));

/** What is read anew after a set has changed. */
export const LISTS = [["ruleSets"], ["references"]];
