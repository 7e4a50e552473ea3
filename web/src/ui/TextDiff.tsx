import { Fragment } from "react";
import { useT } from "@/i18n/useT";
import { type DiffRow, folded, sideBySide } from "./lineDiff";
import styles from "./TextDiff.module.css";

interface Props {
  label: string;
  before: string;
  after: string;
}

/** Two texts side by side; what differs is marked by colour and by sign. */
export function TextDiff({ label, before, after }: Props) {
  const t = useT();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles.frame} aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <colgroup>
          <col className={styles.gutter} />
          <col />
          <col className={styles.gutter} />
          <col />
        </colgroup>
        <thead className={styles.hidden}>
          <tr>
            <th scope="col" colSpan={2}>
              {t("common.diff.before")}
            </th>
            <th scope="col" colSpan={2}>
              {t("common.diff.after")}
            </th>
          </tr>
        </thead>
        <tbody>
          {folded(sideBySide(before, after)).map((row, at) =>
            row.kind === "fold" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
              <tr key={at} className={styles.fold}>
                <td colSpan={4}>{t("common.diff.same", { count: row.count })}</td>
              </tr>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
              <tr key={at}>
                <Side line={row.before} isMarked={row.kind !== "same"} sign="−" kind="removed" />
                <Side line={row.after} isMarked={row.kind !== "same"} sign="+" kind="added" />
              </tr>
            ),
          )}
        </tbody>
      </table>
    </section>
  );
}

interface SideProps {
  line: DiffRow["before"];
  isMarked: boolean;
  sign: string;
  kind: "added" | "removed";
}

function Side({ line, isMarked, sign, kind }: SideProps) {
  const mark = line === null ? "none" : isMarked ? kind : undefined;
  return (
    <Fragment>
      <td className={styles.number} data-mark={mark}>
        {line?.number}
      </td>
      <td className={styles.line} data-mark={mark}>
        {line !== null && isMarked && <span className={styles.sign}>{sign} </span>}
        {line?.text}
      </td>
    </Fragment>
  );
}
