export const TABS = ["decision", "sets"] as const;
export type Tab = (typeof TABS)[number];

/** What the page of rules has in its address. */
export interface RulesSearch {
  tab?: Tab;
  /** Words of decision rules. */
  q?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** Only what is known; everything else in the address is passed over. */
export const readRulesSearch = (search: Record<string, unknown>): RulesSearch => ({
  tab: TABS.find((tab) => tab === search.tab),
  q: text(search.q),
});
