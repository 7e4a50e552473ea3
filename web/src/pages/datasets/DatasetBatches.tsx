import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import { batchesQuery } from "./datasets";

/** The batches of a data set, by the hour in which their records came. */
export function DatasetBatches({ id }: { id: string }) {
  const t = useT();
  const batches = useQuery(batchesQuery(id));
  if (batches.error) return <ErrorNotice error={batches.error} onRetry={() => void batches.refetch()} />;
  if (batches.isPending) return <Loading />;
  if (batches.data.length === 0) {
    return <Empty kind="datasets" title={t("datasets.batches.empty.title")} detail={t("datasets.rows.empty.detail")} />;
  }
  return (
    <FigureTable
      stacks
      caption={t("datasets.tab.batches")}
      columns={[
        { id: "id", name: t("datasets.batch"), isText: true },
        { id: "status", name: t("datasets.status"), isText: true },
        { id: "records", name: t("datasets.records") },
        { id: "failed", name: t("datasets.failed") },
        { id: "at", name: t("datasets.createdAt"), isText: true },
      ]}
      rows={batches.data.map((batch) => ({
        id: batch.id,
        cells: {
          id: batch.id,
          status: batch.status,
          records: batch.recordCount,
          failed: batch.failedRecordCount,
          at: <Time value={batch.created} />,
        },
      }))}
    />
  );
}
