import { Flex, ProgressCircle } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";

export function Loading() {
  const t = useT();
  return (
    <Flex justifyContent="center" marginTop="size-600">
      <ProgressCircle isIndeterminate aria-label={t("common.loading")} />
    </Flex>
  );
}
