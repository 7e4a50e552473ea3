import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

const CATALOG = "/data/foundation/catalog";
const XDM = "application/vnd.adobe.xed-full+json;version=1";

export interface Dataset {
  id: string;
  name: string;
  description?: string;
  created: number;
  schemaRef?: { id: string };
  tags?: Record<string, string[]>;
  lastBatchStatus?: string;
}

export interface Batch {
  status: string;
  created: number;
  recordCount: number;
  failedRecordCount: number;
}

export interface Answer {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  elapsedMs: number;
}

export const datasetsQuery = queryOptions({
  queryKey: ["datasets", "list"],
  queryFn: async () => {
    const found: Dataset[] = [];
    for (let start = 0; start < 5_000; start += 100) {
      const page = await call<Record<string, Omit<Dataset, "id">>>("GET", `${CATALOG}/dataSets`, {
        query: { limit: 100, start },
      });
      found.push(...Object.entries(page).map(([id, one]) => ({ ...one, id })));
      if (Object.keys(page).length < 100) break;
    }
    return found.sort((one, other) => one.name.localeCompare(other.name));
  },
});

export const batchesQuery = (id: string) =>
  queryOptions({
    queryKey: ["datasets", "batches", id],
    queryFn: async () =>
      Object.entries(
        await call<Record<string, Batch>>("GET", `${CATALOG}/batches`, { query: { dataSet: id, limit: 50 } }),
      ).map(([batchId, one]) => ({ ...one, id: batchId })),
  });

/** As many as the server gives at once. */
export const PAGE_ROWS = 100;

interface Preview {
  data: Record<string, unknown>[];
  _page: { totalCount: number; next: number | null };
}

/** Rows of a data set, those that landed last first; of those before `before`, where it is given. */
export const rowsQuery = (id: string, before?: number) =>
  queryOptions({
    queryKey: ["datasets", "rows", id, before ?? null],
    queryFn: async ({ signal }) => {
      const { data, _page } = await call<Preview>("GET", `/data/foundation/export/datasets/${id}/preview`, {
        query: { limit: PAGE_ROWS, before },
        signal,
      });
      return { data, total: _page.totalCount, next: _page.next };
    },
    retry: false,
  });

/** What any of the rows has, in the order of first sight. */
export const columnsOf = (rows: readonly Record<string, unknown>[]) => [...new Set(rows.flatMap(Object.keys))];

export const ask = (sql: string, limit = 1_000, signal?: AbortSignal) =>
  call<Answer>("POST", "/parcours/query", { body: { sql, limit }, signal });

export const answerQuery = (sql: string) =>
  queryOptions({ queryKey: ["datasets", "query", sql], queryFn: ({ signal }) => ask(sql, 100, signal), retry: false });

export const tableOf = (one: Dataset) => one.tags?.["adobe/pqs/table"]?.[0] ?? one.id;

export const isForProfile = (one: Dataset) => one.tags?.unifiedProfile?.includes("enabled:true") ?? false;

export const PROFILE_TAGS = { unifiedProfile: ["enabled:true"], unifiedIdentity: ["enabled:true"] };

/** The id of the new data set. */
export async function createDataset(name: string, schemaId: string, forProfile: boolean): Promise<string> {
  const [made = ""] = await call<string[]>("POST", `${CATALOG}/dataSets`, {
    body: { name, schemaRef: { id: schemaId, contentType: XDM }, ...(forProfile ? { tags: PROFILE_TAGS } : {}) },
  });
  return made.replace("@/dataSets/", "");
}

export const enableForProfile = (one: Dataset) =>
  call("PATCH", `${CATALOG}/v2/dataSets/${one.id}`, { body: { tags: PROFILE_TAGS } });

export const deleteDataset = (id: string) => call("DELETE", `${CATALOG}/dataSets/${id}`);

/** A value as a cell shows it. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Characters that two lines of a cell hold. */
const LONG = 60;

/** Whether a value would make its row tall. */
export const isLong = (value: unknown): boolean => cellOf(value).length > LONG;

/** Whether a value is one to be read in one line, such as a time. */
export const isOneLine = (value: unknown): boolean => typeof value !== "object" && cellOf(value).length <= LONG / 2;

/** All of a value, an object in lines. */
export const wholeOf = (value: unknown): string =>
  typeof value === "object" ? JSON.stringify(value, null, 2) : cellOf(value);
