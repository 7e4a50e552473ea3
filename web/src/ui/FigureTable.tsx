import { Checkbox } from "@adobe/react-spectrum";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";
import styles from "./FigureTable.module.css";

interface Column {
  id: string;
  name: string;
  isText?: boolean;
  /** Texts that may be long without a space, such as ids: broken anywhere rather than widening the table. */
  breaks?: boolean;
  /** Its name is for screen readers alone, as that of a column of menus. */
  isUnnamed?: boolean;
  allowsSorting?: boolean;
}

interface Row {
  id: string;
  /** What a screen reader calls the row where it can be chosen. */
  name?: string;
  cells: Record<string, ReactNode>;
  /** Small, below its name. */
  detail?: ReactNode;
}

interface Props {
  caption: string;
  columns: readonly Column[];
  rows: readonly Row[];
  /** There for screen readers alone, beside a chart that shows the same. */
  isHidden?: boolean;
  /** As long as it is, rather than scrolling by itself. */
  isWhole?: boolean;
  /** On a phone each row stands as a card, a cell a line, for tables that are more text than figures. */
  stacks?: boolean;
  /** The column sorted by, `-` before it: descending. */
  sort?: string;
  onSort?: (sort: string) => void;
  /** Ids of the rows that are chosen; with `onChoose` there is a box before each row. */
  chosen?: ReadonlySet<string>;
  onChoose?: (ids: ReadonlySet<string>) => void;
  /** Opens a row, by a press anywhere on it. */
  onOpen?: (id: string) => void;
}

const NONE: ReadonlySet<string> = new Set();

/** The table of ours. The first column names the row. */
export function FigureTable({
  caption,
  columns,
  rows,
  isHidden = false,
  isWhole = false,
  stacks = false,
  sort,
  onSort,
  chosen = NONE,
  onChoose,
  onOpen,
}: Props) {
  const t = useT();
  const toggle = (id: string, isOn: boolean) =>
    onChoose?.(new Set(isOn ? [...chosen, id] : [...chosen].filter((one) => one !== id)));
  return (
    <section
      className={isHidden ? styles.hidden : styles.frame}
      data-whole={isWhole || undefined}
      data-stacks={stacks || undefined}
      aria-label={caption}
      tabIndex={isHidden ? -1 : 0}
    >
      <table className={styles.table}>
        <caption className={styles.hidden}>{caption}</caption>
        <thead>
          <tr>
            {onChoose && (
              <td className={styles.choice}>
                <Checkbox
                  isEmphasized
                  aria-label={t("common.choose.all")}
                  isSelected={rows.length > 0 && rows.every((row) => chosen.has(row.id))}
                  isIndeterminate={chosen.size > 0 && !rows.every((row) => chosen.has(row.id))}
                  onChange={(isOn) => onChoose(new Set(isOn ? rows.map((row) => row.id) : []))}
                />
              </td>
            )}
            {columns.map((column, i) => (
              <Head key={column.id} column={column} isFirst={i === 0} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              data-opens={onOpen !== undefined || undefined}
              data-chosen={chosen.has(row.id) || undefined}
            >
              {onChoose && (
                <td className={styles.choice}>
                  <Checkbox
                    isEmphasized
                    aria-label={t("common.choose.one", { name: row.name ?? row.id })}
                    isSelected={chosen.has(row.id)}
                    onChange={(isOn) => toggle(row.id, isOn)}
                  />
                </td>
              )}
              {columns.map((column, i) =>
                i === 0 ? (
                  <th key={column.id} scope="row" data-text>
                    <div className={styles.cell}>
                      {onOpen === undefined ? (
                        row.cells[column.id]
                      ) : (
                        <button type="button" className={styles.open} onClick={() => onOpen(row.id)}>
                          {row.cells[column.id]}
                        </button>
                      )}
                      {row.detail && <div className={styles.detail}>{row.detail}</div>}
                    </div>
                  </th>
                ) : (
                  <td
                    key={column.id}
                    data-text={column.isText || undefined}
                    data-menu={column.isUnnamed || undefined}
                    data-label={column.name}
                  >
                    <div className={`${styles.cell} ${column.breaks ? styles.breaks : ""}`}>{row.cells[column.id]}</div>
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

interface HeadProps extends Pick<Props, "sort" | "onSort"> {
  column: Column;
  isFirst: boolean;
}

function Head({ column, isFirst, sort, onSort }: HeadProps) {
  const isBy = sort === column.id || sort === `-${column.id}`;
  const isDown = sort === `-${column.id}`;
  return (
    <th
      scope="col"
      data-text={isFirst || column.isText || undefined}
      data-sorts={column.allowsSorting || undefined}
      aria-sort={isBy ? (isDown ? "descending" : "ascending") : undefined}
    >
      {column.allowsSorting && onSort !== undefined ? (
        <button
          type="button"
          className={styles.sort}
          onClick={() => onSort(isBy && !isDown ? `-${column.id}` : column.id)}
        >
          {column.name}
          <span aria-hidden>{isBy ? (isDown ? "↓" : "↑") : "↕"}</span>
        </button>
      ) : column.isUnnamed ? (
        <span className={styles.hidden}>{column.name}</span>
      ) : (
        column.name
      )}
    </th>
  );
}
