export interface OperationsSearch {
  tab?: "live" | "failed";
  flow?: string;
  dataset?: string;
  /** Id after which the page of failed records goes on. */
  after?: number;
  /** Id of the failed record that is shown whole. */
  record?: number;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const id = (value: unknown) => {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
};

export function readOperationsSearch(search: Record<string, unknown>): OperationsSearch {
  return {
    tab: search.tab === "failed" ? "failed" : undefined,
    flow: text(search.flow),
    dataset: text(search.dataset),
    after: id(search.after),
    record: id(search.record),
  };
}
