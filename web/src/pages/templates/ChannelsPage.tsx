import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { configurationsQuery } from "./channels";
import { Suppressions } from "./Suppressions";
import { CHANNEL_TABS, type ChannelsSearch } from "./search";

const COLUMNS = ["name", "channel", "provider", "default"] as const;

/** Through whom messages leave, and to whom nothing is sent. */
export function ChannelsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/templates/channels" });
  const { tab = "configurations" } = search;
  const navigate = useNavigate();
  const mayWrite = useMay("journeys_actions.write");
  const change = (changed: ChannelsSearch) =>
    void navigate({ to: "/templates/channels", search: { ...search, page: undefined, ...changed }, replace: true });
  const create = (
    <CreateButton
      name={t("templates.configuration.create")}
      may={mayWrite}
      onPress={() => void navigate({ to: "/templates/channels/$uid", params: { uid: "new" } })}
    />
  );
  return (
    <Page title={t("templates.channels.title")} description={t("templates.channels.description")} actions={create}>
      <Tabs
        aria-label={t("templates.channels.title")}
        selectedKey={tab}
        onSelectionChange={(key) => {
          const next = CHANNEL_TABS.find((one) => one === key);
          if (next !== tab) void navigate({ to: "/templates/channels", search: { tab: next } });
        }}
      >
        <TabList>
          {CHANNEL_TABS.map((one) => (
            <Item key={one}>{t(`templates.tab.${one}`)}</Item>
          ))}
        </TabList>
        <TabPanels marginTop="size-200">
          <Item key="configurations">
            <Configurations create={create} />
          </Item>
          <Item key="suppressions">
            <Suppressions search={search} onChange={change} />
          </Item>
        </TabPanels>
      </Tabs>
    </Page>
  );
}

function Configurations({ create }: { create: ReactNode }) {
  const t = useT();
  const { data, error, refetch } = useQuery(configurationsQuery);
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (data.length === 0) {
    return (
      <Empty
        kind="templates"
        title={t("templates.channels.empty")}
        detail={t("templates.channels.emptyDetail")}
        action={create}
      />
    );
  }
  return (
    <FigureTable
      stacks
      caption={t("templates.tab.configurations")}
      columns={COLUMNS.map((id) => ({ id, name: t(`templates.field.${id}`), isText: true }))}
      rows={data.map((one) => ({
        id: one.uid,
        cells: {
          name: (
            <PageLink to="/templates/channels/$uid" params={{ uid: one.uid }}>
              {one.name}
            </PageLink>
          ),
          channel: t(`templates.channel.${one.channel}`),
          provider: t(`templates.provider.${one.provider.kind}`),
          default: one.isDefault ? t("templates.yes") : "–",
        },
      }))}
    />
  );
}
