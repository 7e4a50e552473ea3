import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Pager } from "@/ui/Pager";
import { columnsOf, PAGE_ROWS, rowsQuery } from "./datasets";
import type { DatasetSearch } from "./routes";
import { ValueCell } from "./ValueCell";

/** The rows of a data set, those that landed last first. */
export function DatasetRows({ id, search }: { id: string; search: DatasetSearch }) {
  const t = useT();
  const navigate = useNavigate();
  const { page = 0, before } = search;
  const rows = useQuery({ ...rowsQuery(id, before), placeholderData: keepPreviousData });
  const turn = (to: number) => {
    const at = to > page ? (rows.data?.next ?? undefined) : (before ?? 0) + PAGE_ROWS;
    const there = to === 0 || at === undefined ? {} : { page: to, before: at };
    void navigate({ to: "/datasets/$id", params: { id }, search: { tab: search.tab, ...there } });
  };
  if (rows.error) return <ErrorNotice error={rows.error} onRetry={() => void rows.refetch()} />;
  if (rows.isPending) return <Loading />;
  const { data, total, next } = rows.data;
  if (data.length === 0 && page === 0) {
    return <Empty kind="datasets" title={t("datasets.rows.empty.title")} detail={t("datasets.rows.empty.detail")} />;
  }
  const columns = columnsOf(data);
  return (
    <>
      <FigureTable
        caption={t("datasets.tab.rows")}
        columns={columns.map((name) => ({ id: name, name, isText: true }))}
        rows={data.map((row, i) => ({
          id: String((before ?? total) - i),
          cells: Object.fromEntries(
            columns.map((name) => [name, <ValueCell key={name} value={row[name]} column={name} />]),
          ),
        }))}
      />
      <p>{t("datasets.rows.count", { count: data.length })}</p>
      <Pager page={page} hasNext={next !== null} onChange={turn} total={total} />
    </>
  );
}
