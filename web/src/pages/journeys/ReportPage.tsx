import { Button, Item, TabList, TabPanels, Tabs, Text } from "@adobe/react-spectrum";
import Download from "@spectrum-icons/workflow/Download";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ChartGrid } from "@/ui/chart/ChartGrid";
import { COLORS, TimeChart } from "@/ui/chart/TimeChart";
import { download, toCsv } from "@/ui/download";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { versionPath } from "./addresses";
import { JourneyStatus } from "./JourneyStatus";
import { MessageFigures } from "./MessageFigures";
import { versionQuery } from "./queries";
import { ReportFigures } from "./ReportFigures";
import styles from "./ReportPage.module.css";
import { ReportRange } from "./ReportRange";
import { ActionTable, NodeTable, ReasonTable } from "./ReportTables";
import { messageReportQuery, type Point, type Report, reportQuery, SERIES } from "./report";
import { askedOf, REPORT_TABS, type ReportSearch } from "./reportSearch";
import { SuccessTables } from "./SuccessTables";

const LINES = {
  entered: { color: COLORS.blue },
  completed: { color: COLORS.green, dash: "6 3" },
  exited: { color: COLORS.purple, dash: "2 3" },
  failed: { color: COLORS.red },
  discarded: { color: COLORS.orange, dash: "6 3" },
};

/** What a version did. */
export function ReportPage() {
  const t = useT();
  const { uid, versionUid } = useParams({ from: "/shell/journeys/$uid/report/$versionUid" });
  const search = useSearch({ from: "/shell/journeys/$uid/report/$versionUid" });
  const navigate = useNavigate();
  const { tab = "nodes", range, interval, from, to } = search;
  const asked = useMemo(() => askedOf({ range, interval, from, to }, new Date()), [range, interval, from, to]);
  const report = useQuery({ ...reportQuery(versionUid, asked), placeholderData: keepPreviousData });
  const change = (changed: Partial<ReportSearch>) =>
    void navigate({
      to: "/journeys/$uid/report/$versionUid",
      params: { uid, versionUid },
      search: { ...search, ...changed },
      replace: true,
    });

  if (report.error && report.data === undefined) {
    return (
      <Page title={t("journeys.report")}>
        <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />
      </Page>
    );
  }
  if (report.data === undefined) return <Loading />;
  const figures = report.data.period ?? report.data.allTime;
  const points = report.data.series?.points ?? [];
  const times: Intl.DateTimeFormatOptions =
    asked.interval === "hour"
      ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
      : { day: "numeric", month: "short", timeZone: "UTC" };
  const lines = (ids: readonly (typeof SERIES)[number][]) =>
    ids.map((id) => ({ id, name: t(`journeys.series.${id}`), ...LINES[id] }));
  return (
    <Page
      title={t("journeys.report.of", { name: report.data.name, version: report.data.version })}
      description={
        <span className={styles.about}>
          <JourneyStatus status={report.data.status} />
          <span>
            {t("journeys.report.at")} <Time value={report.data.at} />
          </span>
          <PageLink to="/journeys/$uid" params={{ uid }}>
            {t("journeys.act.versions")}
          </PageLink>
          <PageLink to={versionPath(uid, versionUid)}>{t("journeys.act.open")}</PageLink>
        </span>
      }
      actions={
        <Button variant="secondary" onPress={() => save(report.data, points, t)}>
          <Download />
          <Text>{t("journeys.report.csv")}</Text>
        </Button>
      }
    >
      {report.error && <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />}
      <ReportRange search={search} asked={asked} onChange={change} />
      <ReportFigures figures={figures} current={report.data.allTime.current ?? 0} />
      <ChartGrid>
        <TimeChart
          title={t("journeys.chart.people")}
          times={times}
          series={lines(["entered", "completed", "exited"])}
          points={points.map((point) => ({ at: Date.parse(point.start), values: point }) as never)}
        />
        <TimeChart
          title={t("journeys.chart.trouble")}
          times={times}
          series={[
            ...lines(["failed", "discarded"]),
            { id: "callErrors", name: t("journeys.series.callErrors"), color: COLORS.purple, dash: "2 3" },
          ]}
          points={points.map((point) => ({ at: Date.parse(point.start), values: point }) as never)}
        />
      </ChartGrid>
      <Tabs
        aria-label={t("journeys.report.details")}
        selectedKey={tab}
        onSelectionChange={(key) => change({ tab: REPORT_TABS.find((one) => one === key && one !== "nodes") })}
      >
        <TabList>
          <Item key="nodes">{t("journeys.tab.nodes")}</Item>
          <Item key="success">{t("metrics.tab")}</Item>
          <Item key="actions">{t("journeys.tab.actions")}</Item>
          <Item key="messages">{t("journeys.tab.messages")}</Item>
          <Item key="reasons">{t("journeys.tab.reasons")}</Item>
        </TabList>
        <TabPanels marginTop="size-150">
          <Item key="nodes">
            <NodeTable nodes={figures.nodes} hasCurrent={report.data.period === undefined} />
          </Item>
          <Item key="success">
            <SuccessTables figures={figures} report={report.data} />
          </Item>
          <Item key="actions">
            <ActionTable actions={figures.actions} />
          </Item>
          <Item key="messages">
            <Messages versionUid={versionUid} />
          </Item>
          <Item key="reasons">
            <ReasonTable figures={figures} />
          </Item>
        </TabPanels>
      </Tabs>
    </Page>
  );
}

function Messages({ versionUid }: { versionUid: string }) {
  const t = useT();
  const mayRead = useMay("messages_report.read");
  const messages = useQuery({ ...messageReportQuery(versionUid), enabled: mayRead });
  const version = useQuery(versionQuery(versionUid));
  if (!mayRead) return <p>{t("journeys.messages.notYours")}</p>;
  if (messages.error) return <ErrorNotice error={messages.error} onRetry={() => void messages.refetch()} />;
  if (messages.data === undefined || version.data === undefined) return <Loading />;
  return <MessageFigures report={messages.data} document={version.data.document} />;
}

/** The series as a CSV file. */
function save(report: Report, points: readonly Point[], t: (id: string) => string): void {
  const names = [...SERIES, "calls", "callErrors"] as const;
  const rows = [
    [t("common.chart.time"), ...names.map((name) => t(`journeys.series.${name}`))],
    ...points.map((point) => [point.start, ...names.map((name) => point[name])]),
  ];
  download(`${report.name} ${report.version}.csv`, toCsv(rows), "text/csv;charset=utf-8");
}
