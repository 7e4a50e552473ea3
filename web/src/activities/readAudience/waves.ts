import type { JourneyNode } from "@/flow/document";
import { numberOf, objectOf, pruned, textsOf } from "../members";

export const SIZES = ["equal", "percentages", "profiles"] as const;
export type Sizes = (typeof SIZES)[number];
export const TIMES = ["apart", "dates"] as const;
export type Times = (typeof TIMES)[number];
export const [LEAST_WAVES, MOST_WAVES, LEAST_APART, APART] = [2, 10, 30, 60];

/** How a journey's audience enters in waves, as the form shows it. */
export interface Waves {
  count: number;
  sizes: Sizes;
  times: Times;
  /** Percentages or numbers of profiles, wave by wave; none of equal waves. */
  shares: number[];
  minutesApart: number;
  startDates: string[];
}

const FIRST_PROFILES = 10_000;

/** The waves of an activity; null when everyone enters at once. */
export function wavesOf(node: JourneyNode): Waves | null {
  if (node.waves === undefined) return null;
  const waves = objectOf(node.waves);
  const sizes: Sizes = "percentages" in waves ? "percentages" : "profiles" in waves ? "profiles" : "equal";
  const shares = sizes === "equal" ? [] : waves[sizes];
  return {
    count: numberOf(waves.count) ?? LEAST_WAVES,
    sizes,
    times: "startDates" in waves ? "dates" : "apart",
    shares: Array.isArray(shares) ? shares.filter((one): one is number => typeof one === "number") : [],
    minutesApart: numberOf(waves.minutesApart) ?? APART,
    startDates: textsOf(waves.startDates),
  };
}

/** As the document has them, with a size and a date for each wave. */
export function toDocument({ count, sizes, times, shares, minutesApart, startDates }: Waves): Record<string, unknown> {
  return pruned({
    count,
    minutesApart: times === "apart" ? minutesApart : undefined,
    startDates: times === "dates" ? filled(startDates, count, () => "") : undefined,
    ...(sizes === "equal" ? {} : { [sizes]: sharesFor(sizes, shares, count) }),
  });
}

/** Other sizes; percentages begin as equal ones, 100 together. */
export const withSizes = (waves: Waves, sizes: Sizes): Waves => ({
  ...waves,
  sizes,
  shares: sizes === "equal" ? [] : sharesFor(sizes, [], waves.count),
});

/** Another number of waves: percentages that were given for another number begin anew. */
export const withCount = (waves: Waves, count: number): Waves => ({
  ...waves,
  count,
  shares: waves.sizes === "percentages" ? sharesFor("percentages", [], count) : waves.shares,
});

function sharesFor(sizes: "percentages" | "profiles", shares: number[], count: number): number[] {
  if (sizes === "profiles") return filled(shares, count, () => FIRST_PROFILES);
  const equal = Math.floor(100 / count);
  return filled(shares, count, (at) => (at === count - 1 ? 100 - equal * (count - 1) : equal));
}

function filled<Item>(items: readonly Item[], count: number, make: (at: number) => Item): Item[] {
  return Array.from({ length: count }, (_, at) => items[at] ?? make(at));
}

/** The sum of the percentages, without what adding fractions leaves behind. */
export const sumOf = (shares: readonly number[]): number =>
  Math.round(shares.reduce((sum, one) => sum + one, 0) * 1e6) / 1e6;
