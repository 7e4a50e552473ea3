import { Button, ButtonGroup, Content, Dialog, DialogContainer, Divider, Heading } from "@adobe/react-spectrum";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";

interface Props {
  isOpen: boolean;
  title: string;
  /** What stands in the way. */
  children: ReactNode;
  onClose: () => void;
}

/** Says why something can't be done, such as a deletion of what is in use. */
export function Refused({ isOpen, title, children, onClose }: Props) {
  const t = useT();
  return (
    <DialogContainer onDismiss={onClose}>
      {isOpen && (
        <Dialog>
          <Heading>{title}</Heading>
          <Divider />
          <Content>{children}</Content>
          <ButtonGroup>
            <Button variant="secondary" onPress={onClose} autoFocus>
              {t("common.close")}
            </Button>
          </ButtonGroup>
        </Dialog>
      )}
    </DialogContainer>
  );
}
