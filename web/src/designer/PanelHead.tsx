import { ActionButton, Flex, Heading } from "@adobe/react-spectrum";
import Close from "@spectrum-icons/workflow/Close";
import { useT } from "@/i18n/useT";

/** Title of a panel beside the canvas, and its way out. */
export function PanelHead({ title, onClose }: { title: string; onClose: () => void }) {
  const t = useT();
  return (
    <Flex alignItems="center" gap="size-100">
      <Heading level={2} margin={0} flex>
        {title}
      </Heading>
      <ActionButton isQuiet onPress={onClose} aria-label={t("designer.close")}>
        <Close />
      </ActionButton>
    </Flex>
  );
}
