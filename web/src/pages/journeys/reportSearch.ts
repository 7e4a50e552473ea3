export const RANGES = ["day", "week", "month", "quarter", "all", "custom"] as const;
export type Range = (typeof RANGES)[number];
export const INTERVALS = ["hour", "day"] as const;
export type Interval = (typeof INTERVALS)[number];

export const REPORT_TABS = ["nodes", "success", "actions", "messages", "reasons"] as const;

export interface ReportSearch {
  tab?: (typeof REPORT_TABS)[number];
  range?: Range;
  interval?: Interval;
  /** Dates such as 2026-01-31, of a range of one's own; `to` is the last day. */
  from?: string;
  to?: string;
}

const among = <T extends string>(value: unknown, known: readonly T[]): T | undefined =>
  known.find((one) => one === value);
const date = (value: unknown): string | undefined =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;

export function readReportSearch(search: Record<string, unknown>): ReportSearch {
  return {
    tab: among(search.tab, REPORT_TABS),
    range: among(search.range, RANGES),
    interval: among(search.interval, INTERVALS),
    from: date(search.from),
    to: date(search.to),
  };
}

const DAY = 86_400_000;
const DAYS: Partial<Record<Range, number>> = { day: 1, week: 7, month: 30, quarter: 90 };
/** The server makes at most 800 points. */
const MOST_HOURS = 800;

export interface Asked {
  from?: string;
  to?: string;
  interval: Interval;
  /** Intervals that can be chosen for the range. */
  intervals: Interval[];
}

/** What to ask the server for, by hour or day as the range allows. Dates begin in the reader's own zone. */
export function askedOf(search: ReportSearch, now: Date): Asked {
  const range = search.range ?? "day";
  const own = range === "custom" && search.from !== undefined;
  const start = own
    ? new Date(`${search.from}T00:00:00`)
    : DAYS[range] === undefined
      ? undefined
      : new Date(now.getTime() - (DAYS[range] ?? 1) * DAY);
  const end = own && search.to !== undefined ? new Date(new Date(`${search.to}T00:00:00`).getTime() + DAY) : undefined;
  const hours = start === undefined ? Number.POSITIVE_INFINITY : ((end ?? now).getTime() - start.getTime()) / 3_600_000;
  const intervals: Interval[] = hours <= MOST_HOURS ? ["hour", "day"] : ["day"];
  const fitting = hours <= 72 ? "hour" : "day";
  const interval = search.interval !== undefined && intervals.includes(search.interval) ? search.interval : fitting;
  return { from: start?.toISOString(), to: end?.toISOString(), interval, intervals };
}
