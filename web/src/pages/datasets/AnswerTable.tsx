import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import type { Answer } from "./datasets";
import { ValueCell } from "./ValueCell";

/** The rows of a query. */
export function AnswerTable({ answer, caption }: { answer: Answer; caption: string }) {
  const t = useT();
  return (
    <>
      <FigureTable
        caption={caption}
        columns={answer.columns.map((one, i) => ({ id: String(i), name: one.name, isText: true }))}
        rows={answer.rows.slice(0, 500).map((row, i) => ({
          id: String(i),
          cells: Object.fromEntries(
            row.map((value, column) => [
              String(column),
              <ValueCell key={String(column)} value={value} column={answer.columns[column]?.name ?? ""} />,
            ]),
          ),
        }))}
      />
      <p>
        {t("datasets.rows.count", { count: answer.rows.length })}
        {answer.truncated ? ` ${t("datasets.rows.truncated")}` : ""}
      </p>
    </>
  );
}
