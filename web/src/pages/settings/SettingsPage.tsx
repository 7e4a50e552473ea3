import { Flex, Heading, SearchField, Switch } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useIntl } from "react-intl";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { useSearchText } from "@/ui/useSearchText";
import { Health } from "./Health";
import styles from "./SettingsPage.module.css";
import { matching, readSettings, type Setting } from "./settings";

/** The server: whether it is well, which version it is, and what it was told. */
export function SettingsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/settings" });
  const navigate = useNavigate();
  const mayRead = useMay("monitoring.read");
  const about = useAbout();
  const [q, setQ] = useSearchText(
    search.q ?? "",
    (text) => void navigate({ to: "/settings", search: { ...search, q: text || undefined }, replace: true }),
  );
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: async () => readSettings(await call("GET", "/parcours/settings")),
    enabled: mayRead,
  });
  const inWords = (settings.data ?? []).map((one) => ({ ...one, description: about(one) }));
  const found = matching(inWords, search.q ?? "", search.changed ?? false);
  return (
    <Page title={t("settings.title")} description={t("settings.description")}>
      <Health />
      <Heading level={2}>{t("settings.inForce")}</Heading>
      {!mayRead && <p>{t("settings.notYours")}</p>}
      {settings.error && <ErrorNotice error={settings.error} onRetry={() => void settings.refetch()} />}
      {mayRead && settings.isPending && <Loading />}
      {settings.data !== undefined && (
        <>
          <Flex wrap gap="size-200" alignItems="end" marginBottom="size-150">
            <SearchField label={t("settings.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
            <Switch
              isSelected={search.changed === true}
              onChange={(isOn) =>
                void navigate({ to: "/settings", search: { ...search, changed: isOn || undefined }, replace: true })
              }
            >
              {t("settings.onlyChanged")}
            </Switch>
          </Flex>
          {found.length === 0 ? (
            <Empty isSearch title={t("common.noneMatch.title")} detail={t("common.noneMatch.detail")} />
          ) : (
            <FigureTable
              isWhole
              stacks
              caption={t("settings.inForce")}
              columns={["name", "value", "source", "description"].map((id) => ({
                id,
                name: t(`settings.column.${id}`),
                isText: true,
              }))}
              rows={found.map((one) => ({
                id: one.name,
                cells: {
                  name: <code>{one.name}</code>,
                  value: one.value === "" ? "–" : <code className={styles.value}>{one.value}</code>,
                  source: SOURCES.some((source) => source === one.source)
                    ? t(`settings.source.${one.source}`)
                    : one.source,
                  description: <Coded text={one.description} />,
                },
              }))}
            />
          )}
        </>
      )}
    </Page>
  );
}

/** A text in which what stands between backticks is code. */
function Coded({ text }: { text: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
  return text.split("`").map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part));
}

/** What a setting is, in the reader's language where the catalogue knows it, else as the server says. */
function useAbout(): (setting: Setting) => string {
  const { messages, formatMessage } = useIntl();
  return ({ name, description }) => {
    const id = `settings.about.${name.replace(/^PARCOURS_/, "").toLowerCase()}`;
    return id in messages ? formatMessage({ id }) : description;
  };
}

const SOURCES = ["default", "environment", "option"];
