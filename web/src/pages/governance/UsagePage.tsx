import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Page } from "@/ui/Page";
import { NamedTab } from "./NamedTab";
import { PoliciesTab } from "./PoliciesTab";
import { TABS } from "./routes";

/** Which data may be used for what: policies, and the labels and marketing actions that they are about. */
export function UsagePage() {
  const t = useT();
  const search = useSearch({ from: "/shell/usage-policies" });
  const navigate = useNavigate();
  const tab = search.tab ?? "policies";
  const open = (id: string | undefined) =>
    void navigate({ to: "/usage-policies", search: { tab: search.tab, open: id } });
  return (
    <Page title={t("governance.title")} description={t("governance.description")}>
      <Tabs
        aria-label={t("governance.title")}
        selectedKey={tab}
        onSelectionChange={(key) => {
          const next = TABS.find((one) => one === key);
          if (next !== tab) void navigate({ to: "/usage-policies", search: { tab: next } });
        }}
      >
        <TabList>
          {TABS.map((one) => (
            <Item key={one}>{t(`governance.tab.${one}`)}</Item>
          ))}
        </TabList>
        <TabPanels marginTop="size-200">
          {TABS.map((one) => (
            <Item key={one}>
              {one === "policies" ? (
                <PoliciesTab opened={search.open} onOpen={open} />
              ) : (
                <NamedTab key={one} collection={one} opened={search.open} onOpen={open} />
              )}
            </Item>
          ))}
        </TabPanels>
      </Tabs>
    </Page>
  );
}
