import { Button, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { useSearchText } from "@/ui/useSearchText";
import { BUILT_IN, sourcesQuery } from "./sources";

const COLUMNS = ["name", "url", "groups", "usedIn"] as const;

/** The sandbox's data sources, the built-in one among them. */
export function SourcesPage() {
  const t = useT();
  const { q = "" } = useSearch({ from: "/shell/data-sources" });
  const navigate = useNavigate();
  const mayWrite = useMay("journeys_data_sources.write");
  const [typed, setTyped] = useSearchText(
    q,
    (text) => void navigate({ to: "/data-sources", search: { q: text || undefined }, replace: true }),
  );
  const { data, error, isPending, refetch } = useQuery(sourcesQuery);
  const found = (data ?? []).filter((source) =>
    `${source.name} ${source.description ?? ""} ${source.url ?? ""}`.toLowerCase().includes(q.trim().toLowerCase()),
  );
  return (
    <Page
      title={t("dataSources.title")}
      description={t("dataSources.description")}
      actions={
        mayWrite && (
          <Button variant="accent" onPress={() => void navigate({ to: "/data-sources/new" })}>
            {t("dataSources.new")}
          </Button>
        )
      }
    >
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {isPending && <Loading />}
      {data !== undefined && (
        <>
          <SearchField label={t("dataSources.search")} value={typed} onChange={setTyped} marginBottom="size-200" />
          {found.length === 0 ? (
            <Empty isSearch title={t("common.noneMatch.title")} detail={t("common.noneMatch.detail")} />
          ) : (
            <FigureTable
              caption={t("dataSources.title")}
              columns={COLUMNS.map((id) => ({ id, name: t(`dataSources.column.${id}`), isText: id !== "usedIn" }))}
              rows={found.map((source) => ({
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
              }))}
            />
          )}
        </>
      )}
    </Page>
  );
}
