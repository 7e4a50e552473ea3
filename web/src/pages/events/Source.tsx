import styles from "./Source.module.css";

/** A text to read and copy, such as JSON; it can be scrolled by keyboard. */
export function Source({ text, label }: { text: string; label: string }) {
  return (
    <section aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className={styles.source} tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}
