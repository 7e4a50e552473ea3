import { send } from "@/api/client";

/** An event configuration, as far as forms read it. */
export interface EventRef {
  uid: string;
  name: string;
  description?: string;
  type: "unitary" | "business";
  namespace: string | null;
  schemaRef: { id: string };
  fields: string[];
}

/** A header, query parameter or place in the payload of an action. */
export interface ActionParameter {
  name?: string;
  path?: string;
  kind: "constant" | "variable";
  value?: unknown;
  type?: string;
  label?: string;
  optional?: boolean;
}

export interface ActionRef {
  uid: string;
  name: string;
  description?: string;
  url: string;
  method: string;
  headers?: ActionParameter[];
  queryParameters?: ActionParameter[];
  request?: { sample: unknown; fields: ActionParameter[]; allowNull?: boolean } | null;
}

export interface AudienceRef {
  id: string;
  name: string;
  description?: string;
  identityNamespace?: string;
  evaluationStatus?: string;
  metrics?: { totalProfiles?: number };
}

export interface TemplateRef {
  uid: string;
  name: string;
  channel: string;
  category: string;
  state: string;
  parameters: { name: string; label?: string; optional?: boolean }[];
  content: { subject?: string; body?: string; title?: string };
}

export interface ConfigurationRef {
  uid: string;
  name: string;
  channel: string;
  isDefault?: boolean;
}

export interface JourneyRef {
  uid: string;
  name: string;
  status: string;
  latestVersionUid: string;
  versions: { uid: string; version: string; status: string }[];
}

export interface DataSetRef {
  id: string;
  name: string;
  schemaRef: { id: string } | null;
  /** Whether it holds attributes of profiles, and is enabled for the profile. */
  isOfProfiles: boolean;
  /** Whether journeys may look rows up in it. */
  isLookup: boolean;
}

export interface RuleSetRef {
  uid: string;
  name: string;
  domain: "journey" | "channel";
  isGlobal: boolean;
  state: string;
}

export interface DecisionRuleRef {
  uid: string;
  name: string;
  description: string;
  expression: string;
}

export interface MarketingActionRef {
  name: string;
  description: string;
  /** Whether every sandbox has it; then the designer has words of its own for it. */
  isCore: boolean;
}

export interface NamespaceRef {
  code: string;
  name: string;
  idType: string;
}

/** Everything that activities refer to, by kind. */
export interface Lists {
  events: EventRef[];
  actions: ActionRef[];
  audiences: AudienceRef[];
  templates: TemplateRef[];
  configurations: ConfigurationRef[];
  journeys: JourneyRef[];
  dataSets: DataSetRef[];
  ruleSets: RuleSetRef[];
  decisionRules: DecisionRuleRef[];
  marketingActions: MarketingActionRef[];
  namespaces: NamespaceRef[];
}

export type ListName = keyof Lists;

const ROOT = "/journey/orchestration";
const PAGE = 100;
/** More than so many things of a kind are not asked for. */
const MAX_PAGES = 50;

type Body = Record<string, unknown>;

async function get(path: string): Promise<unknown> {
  return (await send(path)).json();
}

/** Every page of a list of journeys' side: `page` from 0, `pages` in the answer. */
async function everyPage<T>(path: string): Promise<T[]> {
  const rows: T[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = (await get(`${path}?page=${page}&pageSize=${PAGE}`)) as Body;
    rows.push(...((body.results ?? []) as T[]));
    if (page + 1 >= Number(body.pages ?? 1)) break;
  }
  return rows;
}

async function everyAudience(): Promise<AudienceRef[]> {
  const rows: AudienceRef[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = (await get(`/data/core/ups/audiences?start=${rows.length}&limit=500`)) as Body;
    const children = (body.children ?? []) as AudienceRef[];
    rows.push(...children);
    const total = Number((body._page as Body | undefined)?.totalCount ?? 0);
    if (children.length === 0 || rows.length >= total) break;
  }
  return rows;
}

interface RawDataSet {
  name: string;
  schemaRef?: { id: string };
  tags?: Record<string, string[]>;
  classification?: { dataBehavior?: string };
}

export function toDataSet(id: string, raw: RawDataSet): DataSetRef {
  const has = (tag: string) => raw.tags?.[tag]?.includes("enabled:true") ?? false;
  const isOfRecords = raw.classification?.dataBehavior !== "time-series";
  return {
    id,
    name: raw.name,
    schemaRef: raw.schemaRef ?? null,
    isOfProfiles: has("unifiedProfile") && isOfRecords,
    isLookup: has("adobe/lookup"),
  };
}

async function everyDataSet(): Promise<DataSetRef[]> {
  const rows: DataSetRef[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = Object.entries(
      (await get(`/data/foundation/catalog/dataSets?limit=${PAGE}&start=${page * PAGE}`)) as Body,
    );
    rows.push(...found.map(([id, raw]) => toDataSet(id, raw as RawDataSet)));
    if (found.length < PAGE) break;
  }
  return rows;
}

async function everyMarketingAction(): Promise<MarketingActionRef[]> {
  const listed = async (container: string) => {
    const body = await get(`/data/foundation/dulepolicy/marketingActions/${container}`);
    const { children } = body as { children: Omit<MarketingActionRef, "isCore">[] };
    return children.map(({ name, description }) => ({ name, description, isCore: container === "core" }));
  };
  return (await Promise.all(["core", "custom"].map(listed))).flat();
}

/** How each list is read, sorted by name. */
export const LOADERS: { [Name in ListName]: () => Promise<Lists[Name]> } = {
  events: async () => byName(await everyPage<EventRef>(`${ROOT}/events`)),
  actions: async () => byName(await everyPage<ActionRef>(`${ROOT}/actions`)),
  templates: async () => byName(await everyPage<TemplateRef>(`${ROOT}/messageTemplates`)),
  configurations: async () =>
    byName(((await get(`${ROOT}/channelConfigurations`)) as { results: ConfigurationRef[] }).results),
  journeys: async () => byName(await everyPage<JourneyRef>(`${ROOT}/journeys`)),
  ruleSets: async () => byName(((await get(`${ROOT}/ruleSets`)) as { results: RuleSetRef[] }).results),
  decisionRules: async () => byName(await everyPage<DecisionRuleRef>(`${ROOT}/decisionRules`)),
  marketingActions: async () => byName(await everyMarketingAction()),
  audiences: async () => byName(await everyAudience()),
  dataSets: async () => byName(await everyDataSet()),
  namespaces: async () => (await get("/data/core/idnamespace/identities")) as NamespaceRef[],
};

function byName<T extends { name: string }>(rows: T[]): T[] {
  return [...rows].sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}
