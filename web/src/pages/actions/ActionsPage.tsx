import { Button, Flex, SearchField, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
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
import { Pager } from "@/ui/Pager";
import { useSearchText } from "@/ui/useSearchText";
import { actionsQuery } from "./actions";
import { type ActionsSearch, matching } from "./actionsSearch";

const PAGE_SIZE = 50;
const COLUMNS = ["name", "method", "url", "description", "usedIn"] as const;

/** The sandbox's custom actions. */
export function ActionsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/actions" });
  const navigate = useNavigate();
  const mayWrite = useMay("journeys_actions.write");
  const change = (changed: ActionsSearch) =>
    void navigate({ to: "/actions", search: { ...search, page: undefined, ...changed }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const actions = useQuery(actionsQuery);
  const found = matching(actions.data ?? [], search.q);
  const page = search.page ?? 0;
  const isEmpty = actions.data?.length === 0;
  const create = mayWrite && (
    <Button variant="accent" onPress={() => void navigate({ to: "/actions/new", search: {} })}>
      <Add />
      <Text>{t("actions.new")}</Text>
    </Button>
  );
  return (
    <Page title={t("actions.title")} description={t("actions.description")} actions={create}>
      {actions.error && <ErrorNotice error={actions.error} onRetry={() => void actions.refetch()} />}
      {actions.isPending && <Loading />}
      {isEmpty && <Empty title={t("actions.empty.title")} detail={t("actions.empty.detail")} />}
      {actions.data !== undefined && !isEmpty && (
        <>
          <Flex marginBottom="size-200">
            <SearchField label={t("actions.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
          </Flex>
          {found.length === 0 ? (
            <Empty
              isSearch
              title={t("common.noneMatch.title")}
              detail={t("common.noneMatch.detail")}
              action={
                <Button variant="secondary" onPress={() => change({ q: undefined })}>
                  {t("common.clearFilters")}
                </Button>
              }
            />
          ) : (
            <FigureTable
              caption={t("actions.title")}
              columns={COLUMNS.map((id) => ({ id, name: t(`actions.column.${id}`), isText: id !== "usedIn" }))}
              rows={found.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map((action) => ({
                id: action.uid,
                cells: {
                  name: (
                    <PageLink to="/actions/$uid" params={{ uid: action.uid }}>
                      {action.name}
                    </PageLink>
                  ),
                  method: action.method,
                  url: action.url,
                  description: action.description || "–",
                  usedIn: action.usedIn,
                },
              }))}
            />
          )}
          <Pager
            page={page}
            hasNext={found.length > (page + 1) * PAGE_SIZE}
            total={found.length}
            onChange={(to) => change({ page: to || undefined })}
          />
        </>
      )}
    </Page>
  );
}
