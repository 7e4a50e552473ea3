import { ActionGroup, Button, Flex, Item, Menu, MenuTrigger, Text } from "@adobe/react-spectrum";
import Calendar from "@spectrum-icons/workflow/Calendar";
import ViewList from "@spectrum-icons/workflow/ViewList";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useMay, useSession } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { Pager } from "@/ui/Pager";
import { ColumnsMenu } from "./ColumnsMenu";
import { storeColumns, storedColumns } from "./columns";
import { FirstSteps } from "./FirstSteps";
import { JourneysCalendar } from "./JourneysCalendar";
import { JourneysFilters } from "./JourneysFilters";
import { JourneysOverview } from "./JourneysOverview";
import { JourneysTable } from "./JourneysTable";
import { isFiltered, type JourneysSearch, queryOf, WAYS_TO_CREATE } from "./journeysSearch";
import { journeysQuery, overviewQuery } from "./queries";
import { WaitingNotice } from "./WaitingNotice";

/** Loaded when it is first asked for: the list must be there soon. */
const CreateJourney = lazy(() => import("./CreateJourney"));

const PAGE_SIZE = 25;

export function JourneysPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/journeys" });
  const navigate = useNavigate();
  const mayWrite = useMay("journeys.write");
  const mayReport = useMay("journeys_report.read");
  const change = (changed: Partial<JourneysSearch>) =>
    void navigate({ to: "/journeys", search: { ...search, page: undefined, ...changed } });

  // The moments of "last week" stand still while the filters do, else every render would ask anew.
  const query = useMemo(() => queryOf(search, PAGE_SIZE, new Date()), [search]);
  const list = useQuery({ ...journeysQuery(query), placeholderData: keepPreviousData });
  const userId = useSession().user.id;
  const [columns, setColumns] = useState(() => storedColumns(userId));
  const isCalendar = search.view === "calendar";
  const overview = useQuery({ ...overviewQuery, enabled: mayReport });

  const [isCreating, setCreating] = useState(search.create !== undefined);
  useEffect(() => {
    if (search.create !== undefined) setCreating(true);
  }, [search.create]);

  const rows = list.data?.rows ?? [];
  const isNewcomer = list.data !== undefined && rows.length === 0 && !isFiltered(search) && search.page === undefined;
  return (
    <Page
      title={t("journeys.title")}
      description={t("journeys.description")}
      actions={
        mayWrite && (
          <MenuTrigger>
            <CreateButton name={t("journeys.create")} may={mayWrite} />
            <Menu onAction={(key) => change({ create: WAYS_TO_CREATE.find((way) => way === key) })}>
              {WAYS_TO_CREATE.map((way) => (
                <Item key={way}>{t(`journeys.create.${way}`)}</Item>
              ))}
            </Menu>
          </MenuTrigger>
        )
      }
    >
      <WaitingNotice />
      {isNewcomer ? (
        <FirstSteps onCreate={(create) => change({ create })} />
      ) : (
        <>
          {overview.data && <JourneysOverview overview={overview.data} />}
          <Flex wrap gap="size-150" marginBottom="size-150">
            <ActionGroup
              aria-label={t("journeys.view")}
              selectionMode="single"
              disallowEmptySelection
              selectedKeys={[isCalendar ? "calendar" : "list"]}
              onAction={(key) => change({ view: key === "calendar" ? "calendar" : undefined, page: search.page })}
            >
              <Item key="list">
                <ViewList />
                <Text>{t("journeys.view.list")}</Text>
              </Item>
              <Item key="calendar">
                <Calendar />
                <Text>{t("journeys.calendar")}</Text>
              </Item>
            </ActionGroup>
            {!isCalendar && (
              <ColumnsMenu
                chosen={columns}
                onChange={(chosen) => {
                  setColumns(chosen);
                  storeColumns(userId, chosen);
                }}
              />
            )}
          </Flex>
          {isCalendar ? (
            <JourneysCalendar day={search.week} onChange={(week) => change({ week, page: search.page })} />
          ) : (
            <>
              <JourneysFilters search={search} onChange={change} />
              {list.error && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
              {list.isPending && <Loading />}
              {list.data && rows.length === 0 && (
                <Empty
                  isSearch
                  title={t("common.noneMatch.title")}
                  detail={t("common.noneMatch.detail")}
                  action={
                    <Button variant="secondary" onPress={() => void navigate({ to: "/journeys", search: {} })}>
                      {t("common.clearFilters")}
                    </Button>
                  }
                />
              )}
              {rows.length > 0 && (
                <Flex direction="column">
                  <JourneysTable
                    rows={rows}
                    overview={overview.data}
                    sort={search.sort ?? "-lastModifiedAt"}
                    onSort={(sort) => change({ sort })}
                    columns={columns}
                  />
                  <Pager
                    page={search.page ?? 0}
                    hasNext={list.data?.hasNext ?? false}
                    total={list.data?.total}
                    onChange={(page) => change({ page: page === 0 ? undefined : page })}
                  />
                </Flex>
              )}
            </>
          )}
        </>
      )}
      {isCreating && (
        <Suspense fallback={null}>
          <CreateJourney
            way={search.create}
            template={search.template}
            onChoose={(template) => change({ template, page: search.page })}
            onClose={() => change({ create: undefined, template: undefined, page: search.page })}
          />
        </Suspense>
      )}
    </Page>
  );
}
