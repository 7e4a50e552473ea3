import { SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { FilterPicker } from "@/ui/FilterPicker";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { useSearchText } from "@/ui/useSearchText";
import { eventsQuery } from "./events";
import { type EventsSearch, matching, TYPES } from "./eventsSearch";

const COLUMNS = ["name", "type", "description", "namespace", "usedIn"] as const;

/** The sandbox's event configurations. */
export function EventsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/events" });
  const navigate = useNavigate();
  const change = (changed: EventsSearch) =>
    void navigate({ to: "/events", search: { ...search, page: undefined, ...changed }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const events = useQuery(eventsQuery);
  return (
    <ListPage
      title={t("events.title")}
      description={t("events.description")}
      create={
        <CreateButton
          name={t("events.create")}
          may={useMay("journeys_events.write")}
          onPress={() => void navigate({ to: "/events/new", search: {} })}
        />
      }
      list={events}
      found={matching(events.data ?? [], search)}
      filters={
        <>
          <SearchField label={t("events.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
          <FilterPicker
            label={t("events.column.type")}
            choices={TYPES.map((id) => ({ id, name: t(`events.type.${id}`) }))}
            value={search.type}
            onChange={(type) => change({ type })}
          />
        </>
      }
      onClear={() => change({ q: undefined, type: undefined })}
      empty={{ title: t("events.empty.title"), detail: t("events.empty.detail"), kind: "events" }}
      columns={COLUMNS.map((id) => ({ id, name: t(`events.column.${id}`), isText: id !== "usedIn" }))}
      row={(event) => ({
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
      })}
      page={search.page}
      onPage={(page) => change({ page })}
    />
  );
}
