import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { OperationsSearch } from "./operationsSearch";

export interface FailedRecord {
  id: number;
  datasetId: string;
  flowId: string;
  inletId: string;
  xactionId: string;
  receivedTimeMs: number;
  failedTimeMs: number;
  attempts: number;
  state: string;
  code: string;
  errors: { message?: string; pointerToViolation?: string; keyword?: string }[];
  body: unknown;
}

export const PAGE_SIZE = 50;

export const failedQuery = (search: OperationsSearch) =>
  queryOptions({
    queryKey: ["operations", "failed", search.flow, search.dataset, search.after],
    queryFn: () =>
      call<{ items: FailedRecord[]; _page: { next: number | null } }>("GET", "/parcours/failedRecords", {
        query: { flowId: search.flow, dataSetId: search.dataset, start: search.after ?? 0, limit: PAGE_SIZE },
      }),
    refetchInterval: 15_000,
  });

export const failedRecordQuery = (id: number) =>
  queryOptions({
    queryKey: ["operations", "failedRecord", id],
    queryFn: () => call<FailedRecord>("GET", `/parcours/failedRecords/${id}`),
  });

export const flowNamesQuery = queryOptions({
  queryKey: ["operations", "flows"],
  queryFn: async () =>
    (await call<{ items: { id: string; name: string }[] }>("GET", "/data/foundation/flowservice/flows?limit=100"))
      .items,
});

export const datasetNamesQuery = queryOptions({
  queryKey: ["operations", "datasets"],
  queryFn: async () => {
    const found = await call<Record<string, { name?: string }>>("GET", "/data/foundation/catalog/dataSets?limit=100");
    return Object.entries(found).map(([id, one]) => ({ id, name: one.name ?? id }));
  },
});

export const retry = (id: number) => call("POST", `/parcours/failedRecords/${id}/retry`);
export const giveUp = (id: number) => call("DELETE", `/parcours/failedRecords/${id}`);

/** Why a record was refused, in one line. */
export const reasonOf = (record: FailedRecord): string =>
  record.errors
    .map((one) =>
      [one.pointerToViolation === "#" ? "" : one.pointerToViolation, one.message].filter(Boolean).join(": "),
    )
    .join("; ") || record.code;
