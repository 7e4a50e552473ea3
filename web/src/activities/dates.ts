import {
  type CalendarDate,
  type CalendarDateTime,
  parseDate,
  parseDateTime,
  parseTime,
  type Time,
} from "@internationalized/date";

/** A local date-time such as `2026-12-24T18:00`; null while it can't be read, as with an offset. */
export function toDateTime(text: string): CalendarDateTime | null {
  try {
    return text === "" ? null : parseDateTime(text);
  } catch {
    return null;
  }
}

export function toDate(text: string): CalendarDate | null {
  try {
    return text === "" ? null : parseDate(text);
  } catch {
    return null;
  }
}

/** A time of day such as `09:00`; `24:00` is no time of a day. */
export function toTime(text: string): Time | null {
  try {
    return text === "" ? null : parseTime(text);
  } catch {
    return null;
  }
}

/** `2026-12-24T18:00`: the seconds are written only where there are some. */
export const dateTimeText = (value: { toString(): string }): string =>
  value.toString().replace(/(T\d\d:\d\d):00(?:\.0+)?$/, "$1");

/** `09:00`. */
export const timeText = (value: { toString(): string }): string => value.toString().slice(0, 5);
