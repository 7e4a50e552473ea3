import styles from "./Code.module.css";
import { CopyButton } from "./CopyButton";

interface Props {
  value: unknown;
  label: string;
  /** Without it the text stands beside a button that says more than “copy”. */
  isCopyable?: boolean;
}

/** A text to read as it is, with a button to copy it; what is no text is shown as JSON. */
export function Code({ value, label, isCopyable = true }: Props) {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  return (
    <div className={styles.frame}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={styles.code} aria-label={label} tabIndex={0}>
        <pre>{text}</pre>
      </section>
      {isCopyable && (
        <span className={styles.copy}>
          <CopyButton text={text} />
        </span>
      )}
    </div>
  );
}
