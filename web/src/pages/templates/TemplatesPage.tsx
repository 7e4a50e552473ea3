import { Button, Flex, Item, Picker, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Pager } from "@/ui/Pager";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { CHANNELS, matching, type TemplatesSearch } from "./search";
import { type Template, templatesQuery } from "./templates";

const ANY = "any";
const PAGE_SIZE = 50;
const COLUMNS = ["name", "channel", "state", "category", "usedIn", "modified"] as const;
const TONES = { draft: "neutral", published: "positive", modified: "notice" } as const;

export function TemplateState({ state }: { state: Template["state"] }) {
  const t = useT();
  return <Light tone={TONES[state]}>{t(`templates.state.${state}`)}</Light>;
}

/** The sandbox's message templates. */
export function TemplatesPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/templates" });
  const navigate = useNavigate();
  const mayWrite = useMay("messages.write");
  const mayReadChannels = useMay("journeys_actions.read");
  const change = (changed: TemplatesSearch) =>
    void navigate({ to: "/templates", search: { ...search, page: undefined, ...changed }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const templates = useQuery(templatesQuery);
  const found = matching(templates.data ?? [], search);
  const page = search.page ?? 0;
  const isEmpty = templates.data?.length === 0;
  const create = mayWrite && (
    <Button variant="accent" onPress={() => void navigate({ to: "/templates/new" })}>
      {t("templates.new")}
    </Button>
  );
  return (
    <Page
      title={t("templates.title")}
      description={t("templates.description")}
      actions={
        <>
          {mayReadChannels && (
            <Button variant="secondary" onPress={() => void navigate({ to: "/templates/channels", search: {} })}>
              {t("templates.channels.title")}
            </Button>
          )}
          {create}
        </>
      }
    >
      {templates.error && <ErrorNotice error={templates.error} onRetry={() => void templates.refetch()} />}
      {templates.isPending && <Loading />}
      {isEmpty && <Empty title={t("templates.empty.title")} detail={t("templates.empty.detail")} />}
      {templates.data !== undefined && !isEmpty && (
        <>
          <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
            <SearchField label={t("templates.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
            <Picker
              label={t("templates.field.channel")}
              items={[ANY, ...CHANNELS].map((id) => ({
                id,
                name: id === ANY ? t("common.any") : t(`templates.channel.${id}`),
              }))}
              selectedKey={search.channel ?? ANY}
              onSelectionChange={(key) => change({ channel: CHANNELS.find((channel) => channel === key) })}
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
                <Button variant="secondary" onPress={() => change({ q: undefined, channel: undefined })}>
                  {t("common.clearFilters")}
                </Button>
              }
            />
          ) : (
            <FigureTable
              caption={t("templates.title")}
              columns={COLUMNS.map((id) => ({ id, name: t(`templates.field.${id}`), isText: id !== "usedIn" }))}
              rows={found.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map((one) => ({
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
