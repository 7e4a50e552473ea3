import { Content, Dialog, Divider, Heading } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import styles from "./KeysDialog.module.css";

const KEYS: [string, string][] = [
  ["← → ↑ ↓", "move"],
  ["Enter", "open"],
  ["Esc", "close"],
  ["Delete", "delete"],
  ["Ctrl+Z", "undo"],
  ["Ctrl+Shift+Z", "redo"],
  ["Ctrl+C", "copy"],
  ["Ctrl+X", "cut"],
  ["Ctrl+V", "paste"],
  ["Ctrl+A", "all"],
  ["Shift", "several"],
  ["?", "help"],
];

/** What the keys do. */
export function KeysDialog() {
  const t = useT();
  return (
    <Dialog size="M" isDismissable>
      <Heading>{t("designer.keys")}</Heading>
      <Divider />
      <Content>
        <dl className={styles.keys}>
          {KEYS.map(([key, name]) => (
            <div key={name}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{t(`designer.key.${name}`)}</dd>
            </div>
          ))}
        </dl>
      </Content>
    </Dialog>
  );
}
