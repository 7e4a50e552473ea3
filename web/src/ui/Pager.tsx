import { ActionButton, Flex, Text } from "@adobe/react-spectrum";
import Back from "@spectrum-icons/workflow/ChevronLeft";
import Forward from "@spectrum-icons/workflow/ChevronRight";
import { useT } from "@/i18n/useT";

interface Props {
  /** From 0. */
  page: number;
  hasNext: boolean;
  onChange: (page: number) => void;
  /** How many there are on all pages, where that is known. */
  total?: number;
}

/** Pages of a list: one back, one on. Not shown where there is one page only. */
export function Pager({ page, hasNext, onChange, total }: Props) {
  const t = useT();
  if (page === 0 && !hasNext) return null;
  return (
    <nav aria-label={t("common.pager")}>
      <Flex alignItems="center" justifyContent="end" gap="size-100" marginTop="size-150">
        <Text>
          {total === undefined
            ? t("common.pager.page", { page: page + 1 })
            : t("common.pager.pageOf", { page: page + 1, total })}
        </Text>
        <ActionButton aria-label={t("common.pager.back")} isDisabled={page === 0} onPress={() => onChange(page - 1)}>
          <Back />
        </ActionButton>
        <ActionButton aria-label={t("common.pager.next")} isDisabled={!hasNext} onPress={() => onChange(page + 1)}>
          <Forward />
        </ActionButton>
      </Flex>
    </nav>
  );
}
