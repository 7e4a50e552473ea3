import { AlertDialog, DialogContainer } from "@adobe/react-spectrum";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";

interface Props {
  isOpen: boolean;
  title: string;
  /** What will be gone. */
  children: ReactNode;
  confirm: string;
  isDestructive?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that can't be undone. */
export function Asked({ isOpen, title, children, confirm, isDestructive = true, onConfirm, onClose }: Props) {
  const t = useT();
  return (
    <DialogContainer onDismiss={onClose}>
      {isOpen && (
        <AlertDialog
          title={title}
          variant={isDestructive ? "destructive" : "confirmation"}
          primaryActionLabel={confirm}
          cancelLabel={t("common.cancel")}
          onPrimaryAction={onConfirm}
        >
          {children}
        </AlertDialog>
      )}
    </DialogContainer>
  );
}
