export const TABS = ["definition", "test", "journeys"] as const;
export type Tab = (typeof TABS)[number];

/** What the list of actions has in its address. */
export interface ActionsSearch {
  q?: string;
  page?: number;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** Only what is known; everything else in the address is passed over. */
export function readActionsSearch(search: Record<string, unknown>): ActionsSearch {
  const page = Number(search.page);
  return { q: text(search.q), page: Number.isInteger(page) && page > 0 ? page : undefined };
}

export function readActionSearch(search: Record<string, unknown>): { tab?: Tab } {
  return { tab: TABS.find((tab) => tab === search.tab) };
}

/** `from`: the uid of the action that the new one begins as. */
export function readNewSearch(search: Record<string, unknown>): { from?: string } {
  return { from: text(search.from) };
}

interface Searched {
  name: string;
  description?: string;
  url: string;
}

/** Those whose name, description or URL hold every word. */
export function matching<T extends Searched>(actions: readonly T[], q = ""): T[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return actions.filter((action) => {
    const searched = `${action.name} ${action.description ?? ""} ${action.url}`.toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}
