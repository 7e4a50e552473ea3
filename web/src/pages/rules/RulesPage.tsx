import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { Page } from "@/ui/Page";
import { DecisionRules } from "./DecisionRules";
import { RuleSets } from "./RuleSets";
import { TABS } from "./rulesSearch";

/** What journeys share: conditions with a name, and limits that hold over all of them. */
export function RulesPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/rules" });
  const navigate = useNavigate();
  const may = { decision: useMay("journeys.read"), sets: useMay("frequency_rules.read") };
  const mayWrite = { decision: useMay("journeys.write"), sets: useMay("frequency_rules.write") };
  const tabs = TABS.filter((tab) => may[tab]);
  const tab = tabs.find((one) => one === search.tab) ?? tabs[0];
  const make = {
    decision: () => void navigate({ to: "/rules/decision/$uid", params: { uid: "new" } }),
    sets: () => void navigate({ to: "/rules/sets/$uid", params: { uid: "new" } }),
  };
  if (tab === undefined) {
    return (
      <Page title={t("rules.title")} description={t("rules.notYours")}>
        {null}
      </Page>
    );
  }
  const create = <CreateButton name={t(`rules.create.${tab}`)} may={mayWrite[tab]} onPress={make[tab]} />;
  return (
    <Page title={t("rules.title")} description={t(`rules.description.${tab}`)} actions={create}>
      <Tabs
        aria-label={t("rules.title")}
        items={tabs.map((id) => ({ id }))}
        selectedKey={tab}
        onSelectionChange={(key) => {
          const next = TABS.find((one) => one === key);
          if (next !== tab) void navigate({ to: "/rules", search: { tab: next } });
        }}
      >
        <TabList>
          {(one: { id: (typeof TABS)[number] }) => <Item key={one.id}>{t(`rules.tab.${one.id}`)}</Item>}
        </TabList>
        <TabPanels marginTop="size-200">
          {(one: { id: (typeof TABS)[number] }) => (
            <Item key={one.id}>
              {one.id === "decision" ? <DecisionRules create={create} /> : <RuleSets create={create} />}
            </Item>
          )}
        </TabPanels>
      </Tabs>
    </Page>
  );
}
