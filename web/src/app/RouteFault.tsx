import { Content, Heading, IllustratedMessage, Link, View } from "@adobe/react-spectrum";
import NotFoundArt from "@spectrum-icons/illustrations/NotFound";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";

/** A page that could not be shown at all. */
export function RouteFault({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <View padding="size-400">
      <ErrorNotice error={error} onRetry={reset} />
    </View>
  );
}

export function NotFound() {
  const t = useT();
  return (
    <IllustratedMessage>
      <NotFoundArt />
      <Heading>{t("common.notFound.title")}</Heading>
      <Content>
        {t("common.notFound.detail")} <Link href="/journeys">{t("common.notFound.link")}</Link>
      </Content>
    </IllustratedMessage>
  );
}
