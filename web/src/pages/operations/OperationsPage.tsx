import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Page } from "@/ui/Page";
import { FailedRecords } from "./FailedRecords";
import { LiveFigures } from "./LiveFigures";
import type { OperationsSearch } from "./operationsSearch";

/** Whether events come through, and what failed on the way. */
export function OperationsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/operations" });
  const navigate = useNavigate();
  const change = (changed: Partial<OperationsSearch>) =>
    void navigate({ to: "/operations", search: { ...search, ...changed } });
  return (
    <Page title={t("operations.title")} description={t("operations.description")}>
      <Tabs
        aria-label={t("operations.title")}
        selectedKey={search.tab ?? "live"}
        onSelectionChange={(key) => {
          if (key !== (search.tab ?? "live")) {
            void navigate({ to: "/operations", search: { tab: key === "failed" ? "failed" : undefined } });
          }
        }}
      >
        <TabList>
          <Item key="live">{t("operations.tab.live")}</Item>
          <Item key="failed">{t("operations.tab.failed")}</Item>
        </TabList>
        <TabPanels marginTop="size-200">
          <Item key="live">
            <LiveFigures />
          </Item>
          <Item key="failed">
            <FailedRecords search={search} onChange={change} />
          </Item>
        </TabPanels>
      </Tabs>
    </Page>
  );
}
