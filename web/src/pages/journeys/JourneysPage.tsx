import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function JourneysPage() {
  const t = useT();
  return (
    <Page title={t("journeys.title")}>
      <Empty title={t("journeys.empty.title")} detail={t("journeys.empty.detail")} />
    </Page>
  );
}
