import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Page } from "@/ui/Page";
import { Credentials } from "./Credentials";
import { useMayInOrganization } from "./people";
import { Roles } from "./Roles";
import { TABS } from "./routes";
import { Sandboxes } from "./Sandboxes";
import { Users } from "./Users";

const CONTENTS = { users: Users, credentials: Credentials, roles: Roles, sandboxes: Sandboxes };
const NEEDED = {
  users: "users.read",
  credentials: "credentials.read",
  roles: "roles.read",
  sandboxes: "sandboxes.view",
};

/** Who may do what: people, programs, roles, and the sandboxes that keep them apart. */
export function PeoplePage() {
  const t = useT();
  const search = useSearch({ from: "/shell/people" });
  const navigate = useNavigate();
  const may = {
    users: useMayInOrganization(NEEDED.users),
    credentials: useMayInOrganization(NEEDED.credentials),
    roles: useMayInOrganization(NEEDED.roles),
    sandboxes: useMayInOrganization(NEEDED.sandboxes),
  };
  const tabs = TABS.filter((tab) => may[tab]).map((id) => ({ id, Content: CONTENTS[id] }));
  if (tabs.length === 0) {
    return (
      <Page title={t("people.title")} description={t("people.none")}>
        {null}
      </Page>
    );
  }
  return (
    <Page title={t("people.title")} description={t("people.description")}>
      <Tabs
        aria-label={t("people.title")}
        items={tabs}
        selectedKey={tabs.some((tab) => tab.id === search.tab) ? search.tab : tabs[0]?.id}
        onSelectionChange={(key) => {
          const tab = TABS.find((one) => one === key);
          if (tab !== (search.tab ?? tabs[0]?.id)) void navigate({ to: "/people", search: { tab } });
        }}
      >
        <TabList>{(tab: (typeof tabs)[number]) => <Item key={tab.id}>{t(`people.tab.${tab.id}`)}</Item>}</TabList>
        <TabPanels marginTop="size-200">
          {(tab: (typeof tabs)[number]) => (
            <Item key={tab.id}>
              <tab.Content />
            </Item>
          )}
        </TabPanels>
      </Tabs>
    </Page>
  );
}
