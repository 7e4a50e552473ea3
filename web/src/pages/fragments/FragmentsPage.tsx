import { ActionButton, Flex, Item, Picker, SearchField, TextField } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { KINDS } from "@/activities/registry";
import { type Fragment, fragmentsQuery, STATES } from "@/designer/fragments/fragments";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { Pager } from "@/ui/Pager";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { FragmentActions } from "./FragmentActions";
import styles from "./fragments.module.css";
import type { FragmentsSearch } from "./routes";

const PAGE_SIZE = 25;
const ANY = "any";

/** Activities that were made once, to be put into journeys. */
export function FragmentsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/fragments" });
  const navigate = useNavigate();
  const change = (changed: Partial<FragmentsSearch>) =>
    void navigate({ to: "/fragments", search: { ...search, page: undefined, ...changed } });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const [tag, setTag] = useSearchText(search.tag ?? "", (text) => change({ tag: text || undefined }));
  const { q: words, state, tag: wanted, page = 0 } = search;
  const found = useQuery({
    ...fragmentsQuery({ search: words, state, tag: wanted, page, pageSize: PAGE_SIZE }),
    placeholderData: keepPreviousData,
  });
  const isFiltered = words !== undefined || state !== undefined || wanted !== undefined;
  const rows = found.data?.results ?? [];
  return (
    <Page title={t("fragments.title")} description={t("fragments.description")}>
      {(rows.length > 0 || isFiltered) && (
        <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
          <SearchField
            label={t("fragments.search")}
            value={q}
            onChange={setQ}
            onClear={() => change({ q: undefined })}
            width="size-3000"
          />
          <Picker
            label={t("fragments.state")}
            width="size-2000"
            items={[ANY, ...STATES].map((id) => ({ id, name: t(`fragments.state.${id}`) }))}
            selectedKey={state ?? ANY}
            onSelectionChange={(key) => change({ state: STATES.find((one) => one === key) })}
          >
            {(item) => <Item>{item.name}</Item>}
          </Picker>
          <TextField label={t("fragments.tag")} value={tag} onChange={setTag} width="size-1600" />
          {isFiltered && (
            <ActionButton isQuiet onPress={() => change({ q: undefined, state: undefined, tag: undefined })}>
              {t("common.clearFilters")}
            </ActionButton>
          )}
        </Flex>
      )}
      {found.error && <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data && rows.length === 0 && isFiltered && (
        <Empty isSearch title={t("common.noneMatch.title")} detail={t("common.noneMatch.detail")} />
      )}
      {found.data && rows.length === 0 && !isFiltered && (
        <Empty kind="fragments" title={t("fragments.empty.title")} detail={t("fragments.empty.detail")} />
      )}
      {rows.length > 0 && (
        <>
          <FigureTable
            caption={t("fragments.title")}
            isWhole
            stacks
            columns={[
              { id: "name", name: t("fragments.name"), isText: true },
              { id: "state", name: t("fragments.state"), isText: true },
              { id: "activities", name: t("fragments.activities"), isText: true },
              { id: "modified", name: t("fragments.modified"), isText: true },
              { id: "actions", name: t("fragments.actions"), isUnnamed: true },
            ]}
            rows={rows.map((one) => ({
              id: one.uid,
              detail: (one.description || one.tags.length > 0) && (
                <>
                  {one.description && <div>{one.description}</div>}
                  {one.tags.length > 0 && <em>{one.tags.join(" · ")}</em>}
                </>
              ),
              cells: {
                name: <strong>{one.name}</strong>,
                state: (
                  <Light tone={one.state === "active" ? "positive" : "neutral"}>
                    {t(`fragments.state.${one.state}`)}
                  </Light>
                ),
                activities: activitiesOf(one)
                  .map((type) => t(`activities.${type}.name`))
                  .join(", "),
                modified: (
                  <div className={styles.stack}>
                    <Time value={one.metadata.lastModifiedAt} />
                    <span className={styles.detail} title={one.metadata.lastModifiedBy}>
                      {shortName(one.metadata.lastModifiedBy)}
                    </span>
                  </div>
                ),
                actions: <FragmentActions fragment={one} />,
              },
            }))}
          />
          <Pager
            page={page}
            hasNext={page + 1 < (found.data?.pages ?? 0)}
            total={found.data?.total}
            onChange={(next) => change({ page: next === 0 ? undefined : next })}
          />
        </>
      )}
    </Page>
  );
}

/** The kinds of its activities, in the order of the palette. */
const activitiesOf = (fragment: Fragment) => {
  const types = new Set(Object.values(fragment.nodes).map((node) => node.type));
  return Object.values(KINDS)
    .map((kind) => kind.type)
    .filter((type) => types.has(type));
};
