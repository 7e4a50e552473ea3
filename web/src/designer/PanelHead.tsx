import { ActionButton, Heading } from "@adobe/react-spectrum";
import Close from "@spectrum-icons/workflow/Close";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";
import styles from "./Panel.module.css";

interface Props {
  title: string;
  onClose: () => void;
  /** What stands before the title: an icon, or the way back. */
  start?: ReactNode;
  /** Buttons between the title and the way out. */
  children?: ReactNode;
}

/** Title of a panel beside the canvas, and its way out. */
export function PanelHead({ title, onClose, start, children }: Props) {
  const t = useT();
  return (
    <div className={styles.head}>
      {start}
      <Heading level={2} margin={0} flex UNSAFE_className={styles.title}>
        {title}
      </Heading>
      {children}
      <ActionButton isQuiet onPress={onClose} aria-label={t("designer.close")}>
        <Close />
      </ActionButton>
    </div>
  );
}
