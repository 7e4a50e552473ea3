/** A span as documents write it: `{"value": 2, "unit": "days"}`. */
export interface Span {
  value: number;
  unit: string;
}

const SECONDS: Record<string, number> = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 };

/** A member as a span; `fallback` where it isn't one yet. */
export function toSpan(value: unknown, fallback: Span): Span {
  const { value: count, unit } = (typeof value === "object" && value !== null ? value : {}) as Partial<Span>;
  return {
    value: typeof count === "number" ? count : fallback.value,
    unit: typeof unit === "string" && unit in SECONDS ? unit : fallback.unit,
  };
}

export const secondsOf = ({ value, unit }: Span): number => value * (SECONDS[unit] ?? 0);

export const DAY_S = 86_400;
