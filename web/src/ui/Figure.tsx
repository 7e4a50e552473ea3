import { Children, type CSSProperties, type ReactNode } from "react";
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

/** Up to six in a row where there is room, else in rows as even as can be. */
export function Figures({ children }: { children: ReactNode }) {
  const count = Children.toArray(children).length;
  const most = Math.ceil(count / Math.ceil(count / 6));
  return (
    <div className={styles.figures} style={{ "--most": Math.max(most, 1) } as CSSProperties}>
      {children}
    </div>
  );
}
