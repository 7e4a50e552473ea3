import type { ReactNode } from "react";
import styles from "./FigureTable.module.css";

interface Props {
  caption: string;
  columns: readonly { id: string; name: string; isText?: boolean }[];
  rows: readonly { id: string; cells: Record<string, ReactNode> }[];
  /** There for screen readers alone, beside a chart that shows the same. */
  isHidden?: boolean;
  /** As long as it is, rather than scrolling by itself. */
  isWhole?: boolean;
}

/** Figures to read: no selection, no sorting. The first column names the row. */
export function FigureTable({ caption, columns, rows, isHidden = false, isWhole = false }: Props) {
  return (
    <section
      className={isHidden ? styles.hidden : styles.frame}
      data-whole={isWhole || undefined}
      aria-label={caption}
      tabIndex={isHidden ? -1 : 0}
    >
      <table className={styles.table}>
        <caption className={styles.hidden}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" data-text={column.isText || undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              {columns.map((column, i) =>
                i === 0 ? (
                  <th key={column.id} scope="row">
                    <div className={styles.cell}>{row.cells[column.id]}</div>
                  </th>
                ) : (
                  <td key={column.id} data-text={column.isText || undefined}>
                    <div className={styles.cell}>{row.cells[column.id]}</div>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
