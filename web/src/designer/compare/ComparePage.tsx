import { Item, Picker } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ReactFlowProvider } from "@xyflow/react";
import { useReferences } from "@/activities/useReferences";
import { useT } from "@/i18n/useT";
import { journeyQuery } from "@/pages/journeys/queries";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { NamesContext } from "../namesContext";
import { versionQuery } from "../version";
import styles from "./Compare.module.css";
import { Comparison } from "./Comparison";

interface Line {
  uid: string;
  version: string;
  status: string;
}

/** Two versions of a journey, and what differs. */
export function ComparePage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/journeys/$uid/compare" });
  const { from, to, node } = useSearch({ from: "/shell/journeys/$uid/compare" });
  const navigate = useNavigate();
  const { names } = useReferences();
  const journey = useQuery(journeyQuery(uid));
  const before = useQuery({ ...versionQuery(from ?? ""), enabled: from !== undefined });
  const after = useQuery({ ...versionQuery(to ?? ""), enabled: to !== undefined });
  const error = journey.error ?? before.error ?? after.error;
  const lines = ((journey.data as { versions?: Line[] } | undefined)?.versions ?? []).toReversed();
  const go = (search: { from?: string; to?: string; node?: string }) =>
    void navigate({ to: "/journeys/$uid/compare", params: { uid }, search, replace: true });
  const picker = (side: "from" | "to", picked: string | undefined) => (
    <Picker
      label={t(`compare.${side}`)}
      items={lines}
      selectedKey={picked ?? null}
      onSelectionChange={(key) => go({ from, to, [side]: String(key) })}
    >
      {(line) => (
        <Item key={line.uid}>
          {t("compare.version", {
            number: line.version,
            status: t(`designer.status.${line.status === "Dry Run" ? "DryRun" : line.status}`),
          })}
        </Item>
      )}
    </Picker>
  );
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          <PageLink to="/journeys/$uid" params={{ uid }}>
            {t("compare.back")}
          </PageLink>
          <h1>{t("compare.title")}</h1>
        </div>
        {picker("from", from)}
        {picker("to", to)}
      </header>
      {error !== null && <ErrorNotice error={error} />}
      {error === null && (from === undefined || to === undefined) && (
        <Empty isMissing title={t("compare.title")} detail={t("compare.pick")} />
      )}
      {error === null && (before.isFetching || after.isFetching) && before.data === undefined && <Loading />}
      {before.data !== undefined && after.data !== undefined && (
        <NamesContext value={names}>
          <ReactFlowProvider>
            <Comparison
              key={`${from} ${to}`}
              before={before.data.data.document}
              after={after.data.data.document}
              opened={node}
              onOpen={(id) => go({ from, to, node: id === node ? undefined : id })}
            />
          </ReactFlowProvider>
        </NamesContext>
      )}
    </div>
  );
}
