import type { AudienceSearch, Status } from "./audiences";

export const STATUSES = ["realized", "exited"] as const;

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** Only what is known; everything else in the address is passed over. */
export function readAudienceSearch(raw: Record<string, unknown>): AudienceSearch {
  const page = Number(raw.page);
  const start = typeof raw.start === "string" || Array.isArray(raw.start) ? startOf(raw.start) : undefined;
  const status: Status | undefined = STATUSES.find((one) => one === raw.status);
  return {
    q: textOf(typeof raw.q === "number" ? String(raw.q) : raw.q),
    status: status === "realized" ? undefined : status,
    start,
    page: start !== undefined && Number.isInteger(page) && page > 0 ? page : undefined,
  };
}

/** The server's key of a page is a JSON list, which the address may hold as a list, too. */
const startOf = (raw: string | unknown[]) => textOf(typeof raw === "string" ? raw : JSON.stringify(raw));
