import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { AnswerTable } from "./AnswerTable";
import { answerQuery } from "./datasets";

/** What SQL finds in a data set: its columns and their types. */
export function DatasetColumns({ id }: { id: string }) {
  const t = useT();
  const columns = useQuery(answerQuery(`DESCRIBE "${id}"`));
  if (columns.error) return <ErrorNotice error={columns.error} onRetry={() => void columns.refetch()} />;
  if (columns.isPending) return <Loading />;
  return <AnswerTable answer={columns.data} caption={t("datasets.tab.columns")} />;
}
