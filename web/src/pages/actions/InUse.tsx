import { Content, Heading, InlineAlert } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";

/** Says what can still change of an action that journeys use. */
export function InUse({ count }: { count: number }) {
  const t = useT();
  return (
    <InlineAlert variant="info" marginBottom="size-200">
      <Heading level={2}>{t("actions.inUse.title", { count })}</Heading>
      <Content>{t("actions.inUse.detail")}</Content>
    </InlineAlert>
  );
}
