import type { ReactNode } from "react";
import styles from "./fields.module.css";

/** The fields of a form, one below the other. */
export function Stack({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}

/** Several fields that belong together, under a name. */
export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={styles.part}>
      <legend className={styles.legend}>{title}</legend>
      <div className={styles.stack}>{children}</div>
    </fieldset>
  );
}

/** A remark under or between fields. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={styles.note}>{children}</p>;
}
