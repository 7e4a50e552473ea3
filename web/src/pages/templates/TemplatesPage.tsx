import { Button, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { FilterPicker } from "@/ui/FilterPicker";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { CHANNELS, matching, type TemplatesSearch } from "./search";
import { TemplateState } from "./TemplateState";
import { templatesQuery } from "./templates";

const COLUMNS = ["name", "channel", "state", "category", "usedIn", "modified"] as const;

/** The sandbox's message templates. */
export function TemplatesPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/templates" });
  const navigate = useNavigate();
  const mayReadChannels = useMay("journeys_actions.read");
  const change = (changed: TemplatesSearch) =>
    void navigate({ to: "/templates", search: { ...search, page: undefined, ...changed }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const templates = useQuery(templatesQuery);
  return (
    <ListPage
      title={t("templates.title")}
      description={t("templates.description")}
      more={
        mayReadChannels && (
          <Button variant="secondary" onPress={() => void navigate({ to: "/templates/channels", search: {} })}>
            {t("templates.channels.title")}
          </Button>
        )
      }
      create={
        <CreateButton
          name={t("templates.create")}
          may={useMay("messages.write")}
          onPress={() => void navigate({ to: "/templates/new" })}
        />
      }
      list={templates}
      found={matching(templates.data ?? [], search)}
      filters={
        <>
          <SearchField label={t("templates.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
          <FilterPicker
            label={t("templates.field.channel")}
            choices={CHANNELS.map((id) => ({ id, name: t(`templates.channel.${id}`) }))}
            value={search.channel}
            onChange={(channel) => change({ channel })}
          />
        </>
      }
      onClear={() => change({ q: undefined, channel: undefined })}
      empty={{ title: t("templates.empty.title"), detail: t("templates.empty.detail"), kind: "templates" }}
      columns={COLUMNS.map((id) => ({ id, name: t(`templates.field.${id}`), isText: id !== "usedIn" }))}
      row={(one) => ({
        id: one.uid,
        cells: {
          name: (
            <PageLink to="/templates/$uid" params={{ uid: one.uid }}>
              {one.name}
            </PageLink>
          ),
          channel: t(`templates.channel.${one.channel}`),
          state: <TemplateState state={one.state} />,
          category: t(`templates.category.${one.category}`),
          usedIn: one.usedIn,
          modified: <Time value={one.metadata.lastModifiedAt} />,
        },
      })}
      page={search.page}
      onPage={(page) => change({ page })}
    />
  );
}
