import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { Page } from "@/ui/Page";
import { AlertList } from "./AlertList";
import type { AlertsSearch } from "./alerts";
import { Subscriptions } from "./Subscriptions";

/** What went wrong with journeys, and who is told. */
export function AlertsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/alerts" });
  const navigate = useNavigate();
  const mayWrite = useMay("alerts.write");
  const change = (changed: Partial<AlertsSearch>) =>
    void navigate({ to: "/alerts", search: { ...search, page: undefined, ...changed } });
  const subscribe = () => change({ tab: "subscriptions", subscription: "new" });
  return (
    <Page
      title={t("alerts.title")}
      description={t("alerts.description")}
      actions={<CreateButton name={t("alerts.subscription.create")} may={mayWrite} onPress={subscribe} />}
    >
      <Tabs
        aria-label={t("alerts.title")}
        selectedKey={search.tab ?? "alerts"}
        onSelectionChange={(key) => {
          if (key !== (search.tab ?? "alerts")) {
            void navigate({ to: "/alerts", search: { tab: key === "subscriptions" ? "subscriptions" : undefined } });
          }
        }}
      >
        <TabList>
          <Item key="alerts">{t("alerts.tab.alerts")}</Item>
          <Item key="subscriptions">{t("alerts.tab.subscriptions")}</Item>
        </TabList>
        <TabPanels marginTop="size-200">
          <Item key="alerts">
            <AlertList search={search} onChange={change} onSubscribe={subscribe} />
          </Item>
          <Item key="subscriptions">
            <Subscriptions search={search} onChange={change} />
          </Item>
        </TabPanels>
      </Tabs>
    </Page>
  );
}
