import { useState } from "react";
import { useT } from "@/i18n/useT";
import { cellOf, isLong, isOneLine, wholeOf } from "./datasets";
import styles from "./ValueCell.module.css";

/** A value in a row: of a long one the first lines, until all of it is asked for. column: whose value it is. */
export function ValueCell({ value, column }: { value: unknown; column: string }) {
  const t = useT();
  const [isWhole, setWhole] = useState(false);
  if (isOneLine(value)) return <span className={styles.line}>{cellOf(value)}</span>;
  if (!isLong(value)) return cellOf(value);
  const act = t(isWhole ? "datasets.value.less" : "datasets.value.all");
  return (
    <div className={styles.value}>
      {isWhole ? <pre>{wholeOf(value)}</pre> : <div className={styles.clamped}>{cellOf(value)}</div>}
      <button
        type="button"
        className={styles.more}
        aria-expanded={isWhole}
        aria-label={t("common.named", { name: act, value: column })}
        onClick={() => setWhole(!isWhole)}
      >
        {act}
      </button>
    </div>
  );
}
