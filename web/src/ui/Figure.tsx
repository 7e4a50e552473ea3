import type { ReactNode } from "react";
import styles from "./Figure.module.css";

interface Props {
  label: string;
  value: ReactNode;
  /** What the figure means, or what it is a share of. */
  detail?: ReactNode;
  tone?: "negative" | "notice";
}

/** One figure of an overview. */
export function Figure({ label, value, detail, tone }: Props) {
  return (
    <div className={styles.figure} data-tone={tone}>
      <span className={styles.label}>{label}</span>
      <span className={styles.value}>{value}</span>
      {detail !== undefined && <span className={styles.detail}>{detail}</span>}
    </div>
  );
}

export function Figures({ children }: { children: ReactNode }) {
  return <div className={styles.figures}>{children}</div>;
}
