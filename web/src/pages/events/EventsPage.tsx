import { Button, Flex, Item, Picker, SearchField } from "@adobe/react-spectrum";
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
import { eventsQuery } from "./events";
import { type EventsSearch, matching, TYPES } from "./eventsSearch";

const ANY = "any";
const PAGE_SIZE = 50;
const COLUMNS = ["name", "type", "description", "namespace", "usedIn"] as const;

/** The sandbox's event configurations. */
export function EventsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/events" });
  const navigate = useNavigate();
  const mayWrite = useMay("journeys_events.write");
  const change = (changed: EventsSearch) =>
    void navigate({ to: "/events", search: { ...search, page: undefined, ...changed }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const events = useQuery(eventsQuery);
  const found = matching(events.data ?? [], search);
  const page = search.page ?? 0;
  const isEmpty = events.data?.length === 0;
  return (
    <Page
      title={t("events.title")}
      description={t("events.description")}
      actions={
        mayWrite && (
          <Button variant="accent" onPress={() => void navigate({ to: "/events/new", search: {} })}>
            {t("events.new")}
          </Button>
        )
      }
    >
      {events.error && <ErrorNotice error={events.error} onRetry={() => void events.refetch()} />}
      {events.isPending && <Loading />}
      {isEmpty && <Empty title={t("events.empty.title")} detail={t("events.empty.detail")} />}
      {events.data !== undefined && !isEmpty && (
        <>
          <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
            <SearchField label={t("events.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
            <Picker
              label={t("events.column.type")}
              items={[ANY, ...TYPES].map((id) => ({ id, name: id === ANY ? t("common.any") : t(`events.type.${id}`) }))}
              selectedKey={search.type ?? ANY}
              onSelectionChange={(key) => change({ type: TYPES.find((type) => type === key) })}
            >
              {(item) => <Item>{item.name}</Item>}
            </Picker>
          </Flex>
          {found.length === 0 ? (
            <Empty
              isSearch
              title={t("common.noneMatch.title")}
              detail={t("common.noneMatch.detail")}
              action={
                <Button variant="secondary" onPress={() => change({ q: undefined, type: undefined })}>
                  {t("common.clearFilters")}
                </Button>
              }
            />
          ) : (
            <FigureTable
              caption={t("events.title")}
              columns={COLUMNS.map((id) => ({ id, name: t(`events.column.${id}`), isText: id !== "usedIn" }))}
              rows={found.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map((event) => ({
                id: event.uid,
                cells: {
                  name: (
                    <PageLink to="/events/$uid" params={{ uid: event.uid }}>
                      {event.name}
                    </PageLink>
                  ),
                  type: t(`events.type.${event.type}`),
                  description: event.description || "–",
                  namespace: event.namespace ?? "–",
                  usedIn: event.usedIn,
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
