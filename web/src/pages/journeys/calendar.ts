import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

/** Something that a journey does at a moment: `GET /journey/orchestration/calendar`. */
export interface Entry {
  at: string;
  kind: "start" | "end" | "read";
  journeyUid: string;
  versionUid: string;
  name: string;
  version: string;
  status: string;
  entryType: string;
  /** Of a reading of an audience: `planned`, or what became of it. */
  run?: { status: string; readCount: number; enteredCount: number };
}

interface Answer {
  entries: Entry[];
  isCut: boolean;
}

/** A day as an address has it, `2026-01-31`; days are those of the browser's time zone. */
export type Day = string;

const two = (number: number) => String(number).padStart(2, "0");
export const dayOf = (at: Date): Day => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/** The beginning of a day; a day that there is not is the one so many days later. */
export function startOf(day: Day): Date {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date);
}

export function shift(day: Day, days: number): Day {
  const at = startOf(day);
  return dayOf(new Date(at.getFullYear(), at.getMonth(), at.getDate() + days));
}

/** The seven days of a day's week, from Monday on. */
export function weekOf(day: Day): Day[] {
  const monday = shift(day, -((startOf(day).getDay() + 6) % 7));
  return Array.from({ length: 7 }, (_, i) => shift(monday, i));
}

/** What happens on each of these days, in the order of the entries. */
export function byDay(entries: readonly Entry[], days: readonly Day[]): Map<Day, Entry[]> {
  const found = new Map<Day, Entry[]>(days.map((day) => [day, []]));
  for (const entry of entries) found.get(dayOf(new Date(entry.at)))?.push(entry);
  return found;
}

/** What live journeys do in the week of a day. */
export function calendarQuery(day: Day) {
  const monday = weekOf(day)[0] ?? day;
  const query = { from: startOf(monday).toISOString(), to: startOf(shift(monday, 7)).toISOString() };
  return queryOptions({
    queryKey: ["journeys", "calendar", query],
    queryFn: ({ signal }) => call<Answer>("GET", "/journey/orchestration/calendar", { query, signal }),
    refetchInterval: 60_000,
  });
}
