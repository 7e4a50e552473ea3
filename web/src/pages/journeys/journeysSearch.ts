import type { Query } from "@/api/call";
import { ENTRY_TYPES, STATUSES } from "./journey";

export const SPANS = { day: 1, week: 7, month: 30, quarter: 91 } as const;
export type Span = keyof typeof SPANS;
export const SORTS = ["-lastModifiedAt", "lastModifiedAt", "name", "-name", "-createdAt", "createdAt"] as const;
export const WAYS_TO_CREATE = ["blank", "template", "import"] as const;

/** What the list of journeys has in its address. */
export interface JourneysSearch {
  q?: string;
  /** Joined by commas. */
  status?: string;
  type?: string;
  tag?: string;
  by?: string;
  modified?: Span;
  created?: Span;
  /** When the version was published that was published last. */
  published?: Span;
  publishedBy?: string;
  /** What they use: a uid, or a data source as `Source` or `Source.Group`. */
  uses?: string;
  archived?: true;
  sort?: string;
  page?: number;
  create?: (typeof WAYS_TO_CREATE)[number];
  /** The template that is chosen. */
  template?: string;
  /** A week in place of the list. */
  view?: "calendar";
  /** A day of the week that is shown. */
  week?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const among = <T extends string>(value: unknown, known: readonly T[]): T | undefined =>
  known.find((one) => one === value);

/** Only what is known; everything else in the address is passed over. */
export function readJourneysSearch(search: Record<string, unknown>): JourneysSearch {
  const statuses = (text(search.status) ?? "").split(",").filter((one) => STATUSES.some((status) => status === one));
  const page = Number(search.page);
  return {
    q: text(search.q),
    status: statuses.length > 0 ? statuses.join(",") : undefined,
    type: among(search.type, ENTRY_TYPES),
    tag: text(search.tag),
    by: text(search.by),
    modified: among(search.modified, Object.keys(SPANS) as Span[]),
    created: among(search.created, Object.keys(SPANS) as Span[]),
    published: among(search.published, Object.keys(SPANS) as Span[]),
    publishedBy: text(search.publishedBy),
    uses: text(search.uses),
    archived: search.archived === true || undefined,
    sort: among(search.sort, SORTS),
    page: Number.isInteger(page) && page > 0 ? page : undefined,
    create: among(search.create, WAYS_TO_CREATE),
    template: text(search.template),
    view: search.view === "calendar" ? "calendar" : undefined,
    week: typeof search.week === "string" && /^\d{4}-\d\d-\d\d$/.test(search.week) ? search.week : undefined,
  };
}

/** Filters that are out of sight until they are asked for. */
export const hasRareFilter = (search: JourneysSearch): boolean =>
  [search.published, search.publishedBy, search.uses].some((one) => one !== undefined);

/** Whether anything narrows the list. */
export const isFiltered = (search: JourneysSearch): boolean =>
  hasRareFilter(search) ||
  [search.q, search.status, search.type, search.tag, search.by, search.modified, search.created, search.archived].some(
    (one) => one !== undefined,
  );

const since = (span: Span | undefined, now: Date): string | undefined =>
  span === undefined ? undefined : new Date(now.getTime() - SPANS[span] * 86_400_000).toISOString();

/** The address's filters as the server takes them. */
export function queryOf(search: JourneysSearch, pageSize: number, now: Date): Query {
  const created = since(search.created, now);
  return {
    search: search.q,
    status: search.status?.split(","),
    entryType: search.type,
    tag: search.tag,
    createdBy: search.by,
    modifiedSince: since(search.modified, now),
    publishedSince: since(search.published, now),
    publishedBy: search.publishedBy,
    uses: search.uses,
    property: created === undefined ? undefined : [`metadata.createdAt>=${created}`],
    archived: search.archived,
    sort: search.sort ?? "-lastModifiedAt",
    page: search.page ?? 0,
    pageSize,
  };
}
