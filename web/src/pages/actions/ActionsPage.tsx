import { SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { useSearchText } from "@/ui/useSearchText";
import { actionsQuery } from "./actions";
import { type ActionsSearch, matching } from "./actionsSearch";

const COLUMNS = ["name", "method", "url", "description", "usedIn"] as const;

/** The sandbox's custom actions. */
export function ActionsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/actions" });
  const navigate = useNavigate();
  const change = (changed: ActionsSearch) =>
    void navigate({ to: "/actions", search: { ...search, page: undefined, ...changed }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const actions = useQuery(actionsQuery);
  return (
    <ListPage
      title={t("actions.title")}
      description={t("actions.description")}
      create={
        <CreateButton
          name={t("actions.create")}
          may={useMay("journeys_actions.write")}
          onPress={() => void navigate({ to: "/actions/new", search: {} })}
        />
      }
      list={actions}
      found={matching(actions.data ?? [], search.q)}
      filters={<SearchField label={t("actions.search")} value={q} onChange={setQ} onClear={() => setQ("")} />}
      onClear={() => change({ q: undefined })}
      empty={{ title: t("actions.empty.title"), detail: t("actions.empty.detail"), kind: "actions" }}
      columns={COLUMNS.map((id) => ({ id, name: t(`actions.column.${id}`), isText: id !== "usedIn" }))}
      row={(action) => ({
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
      })}
      page={search.page}
      onPage={(page) => change({ page })}
    />
  );
}
