import { CopyButton } from "@/ui/CopyButton";
import styles from "./people.module.css";

/** A secret or a link that is shown this once. */
export function Once({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <small className={styles.small}>{label}</small>
      <div className={styles.once}>
        <code>{text}</code>
        <CopyButton text={text} />
      </div>
    </div>
  );
}
