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
