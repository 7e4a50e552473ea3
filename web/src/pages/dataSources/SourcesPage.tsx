import { SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { useSearchText } from "@/ui/useSearchText";
import { BUILT_IN, sourcesQuery } from "./sources";

const COLUMNS = ["name", "url", "groups", "usedIn"] as const;

/** The sandbox's data sources, the built-in one among them. */
export function SourcesPage() {
  const t = useT();
  const { q = "" } = useSearch({ from: "/shell/data-sources" });
  const navigate = useNavigate();
  const search = (text: string) =>
    void navigate({ to: "/data-sources", search: { q: text || undefined }, replace: true });
  const [typed, setTyped] = useSearchText(q, search);
  const sources = useQuery(sourcesQuery);
  const found = (sources.data ?? []).filter((source) =>
    `${source.name} ${source.description ?? ""} ${source.url ?? ""}`.toLowerCase().includes(q.trim().toLowerCase()),
  );
  return (
    <ListPage
      title={t("dataSources.title")}
      description={t("dataSources.description")}
      create={
        <CreateButton
          name={t("dataSources.create")}
          may={useMay("journeys_data_sources.write")}
          onPress={() => void navigate({ to: "/data-sources/new" })}
        />
      }
      list={sources}
      found={found}
      filters={<SearchField label={t("dataSources.search")} value={typed} onChange={setTyped} />}
      onClear={() => search("")}
      empty={{ title: t("common.noneMatch.title"), detail: t("common.noneMatch.detail"), kind: "dataSources" }}
      columns={COLUMNS.map((id) => ({ id, name: t(`dataSources.column.${id}`), isText: id !== "usedIn" }))}
      row={(source) => ({
        id: source.uid,
        cells: {
          name: (
            <PageLink to="/data-sources/$uid" params={{ uid: source.uid }}>
              {source.name}
            </PageLink>
          ),
          url: source.name === BUILT_IN ? t("dataSources.builtIn") : source.url,
          groups: source.fieldGroups.map((group) => group.name).join(", ") || "–",
          usedIn: source.usedIn ?? "–",
        },
      })}
    />
  );
}
