export const TYPES = ["unitary", "business"] as const;
export const TABS = ["payload", "requests", "send", "journeys"] as const;
export type EventType = (typeof TYPES)[number];
export type Tab = (typeof TABS)[number];

/** What the list of events has in its address. */
export interface EventsSearch {
  q?: string;
  type?: EventType;
  page?: number;
}

export interface EventSearch {
  tab?: Tab;
}

/** Only what is known; everything else in the address is passed over. */
export function readEventsSearch(search: Record<string, unknown>): EventsSearch {
  const page = Number(search.page);
  return {
    q: typeof search.q === "string" && search.q !== "" ? search.q : undefined,
    type: TYPES.find((type) => type === search.type),
    page: Number.isInteger(page) && page > 0 ? page : undefined,
  };
}

export function readEventSearch(search: Record<string, unknown>): EventSearch {
  return { tab: TABS.find((tab) => tab === search.tab) };
}

/** The event that a new one is like. */
export interface NewEventSearch {
  from?: string;
}

export const readNewEventSearch = (search: Record<string, unknown>): NewEventSearch =>
  typeof search.from === "string" ? { from: search.from } : {};

interface Searched {
  name: string;
  description?: string;
  type: string;
}

/** Those of a type whose name or description holds every word. */
export function matching<T extends Searched>(events: readonly T[], { q = "", type }: EventsSearch): T[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return events.filter((event) => {
    const text = `${event.name} ${event.description ?? ""}`.toLowerCase();
    return (type === undefined || event.type === type) && words.every((word) => text.includes(word));
  });
}
