import { Heading } from "@adobe/react-spectrum";
import { FormattedNumber } from "react-intl";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ChartGrid } from "@/ui/chart/ChartGrid";
import { COLORS, TimeChart } from "@/ui/chart/TimeChart";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Figure, Figures } from "@/ui/Figure";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import type { Operations } from "./operations";
import { useOperations } from "./useOperations";

const TIMES: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** What the server does now, every two seconds. */
export function LiveFigures() {
  const t = useT();
  return useMay("monitoring.read") ? <Shown /> : <p>{t("operations.notYours")}</p>;
}

function Shown() {
  const t = useT();
  const { now, samples, error, retry } = useOperations();
  const series = (id: string, color: string, dash?: string) => ({
    id,
    name: t(`operations.series.${id}`),
    color,
    dash,
  });
  return (
    <>
      {error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {now === null && error === null && <Loading />}
      {now !== null && (
        <>
          <NowFigures now={now} />
          <ChartGrid>
            <TimeChart
              title={t("operations.chart.events")}
              times={TIMES}
              points={samples}
              series={[
                series("received", COLORS.blue),
                series("landed", COLORS.green, "6 3"),
                series("failed", COLORS.red, "2 3"),
              ]}
            />
            <TimeChart
              title={t("operations.chart.lag")}
              times={TIMES}
              points={samples}
              series={[series("pendingRecords", COLORS.purple), series("pendingSeconds", COLORS.orange, "6 3")]}
            />
            <TimeChart
              title={t("operations.chart.timers")}
              times={TIMES}
              points={samples}
              series={[series("timersDue", COLORS.seafoam), series("timersLateSeconds", COLORS.orange, "6 3")]}
            />
            <TimeChart
              title={t("operations.chart.outbox")}
              times={TIMES}
              points={samples}
              series={[series("outbox", COLORS.blue), series("callsPerSecond", COLORS.green, "6 3")]}
            />
          </ChartGrid>
          <Heading level={2}>{t("operations.actions")}</Heading>
          <Actions now={now} />
          <Heading level={2}>{t("operations.messages")}</Heading>
          <Messages now={now} />
        </>
      )}
    </>
  );
}

const WORKER = { running: "positive", idle: "positive", ok: "positive" } as Record<string, "positive">;

function NowFigures({ now }: { now: Operations }) {
  const t = useT();
  const shown = (value: number | null) => (value === null ? "–" : <FormattedNumber value={value} />);
  const seconds = (value: number | null) =>
    value === null ? undefined : t("operations.seconds", { seconds: Math.round(value * 10) / 10 });
  return (
    <Figures>
      <Figure label={t("operations.figure.received")} value={shown(now.received)} />
      <Figure label={t("operations.figure.landed")} value={shown(now.landed)} />
      <Figure
        label={t("operations.figure.failed")}
        value={shown(now.failed)}
        tone={(now.failed ?? 0) > 0 ? "negative" : undefined}
      />
      <Figure
        label={t("operations.figure.pending")}
        value={shown(now.pendingRecords)}
        detail={seconds(now.pendingSeconds)}
      />
      <Figure
        label={t("operations.figure.timers")}
        value={shown(now.timersDue)}
        detail={seconds(now.timersLateSeconds)}
      />
      <Figure label={t("operations.figure.outbox")} value={shown(now.outbox)} />
      <Figure
        label={t("operations.figure.worker")}
        value={
          <Light tone={WORKER[now.worker] ?? "notice"}>
            {now.worker in WORKER ? t(`operations.worker.${now.worker}`) : now.worker || "–"}
          </Light>
        }
      />
    </Figures>
  );
}

function Actions({ now }: { now: Operations }) {
  const t = useT();
  if (now.actions.length === 0) return <p>{t("operations.actions.none")}</p>;
  const shown = (value: number | null) => (value === null ? "–" : <FormattedNumber value={value} />);
  const ms = (value: number | null) =>
    value === null ? "–" : <FormattedNumber value={value} style="unit" unit="millisecond" maximumFractionDigits={0} />;
  return (
    <FigureTable
      caption={t("operations.actions")}
      columns={["name", "calls", "errors", "p50", "p95"].map((id) => ({ id, name: t(`operations.action.${id}`) }))}
      rows={now.actions.map((action) => ({
        id: action.id,
        cells: {
          name: action.name,
          calls: shown(action.calls),
          errors: shown(action.errors),
          p50: ms(action.p50Ms),
          p95: ms(action.p95Ms),
        },
      }))}
    />
  );
}

const CHANNELS = ["email", "sms", "push"];

function Messages({ now }: { now: Operations }) {
  const t = useT();
  if (now.messages.length === 0) return <p>{t("operations.messages.none")}</p>;
  const statuses = [...new Set(now.messages.flatMap((one) => Object.keys(one.counts)))];
  return (
    <FigureTable
      caption={t("operations.messages")}
      columns={[
        { id: "channel", name: t("operations.message.channel") },
        ...statuses.map((status) => ({
          id: status,
          name: STATUSES.includes(status) ? t(`operations.message.${status}`) : status,
        })),
      ]}
      rows={now.messages.map((one) => ({
        id: one.channel,
        cells: {
          channel: CHANNELS.includes(one.channel) ? t(`activities.channel.${one.channel}`) : one.channel,
          ...Object.fromEntries(
            statuses.map((status) => [status, <FormattedNumber key={status} value={one.counts[status] ?? 0} />]),
          ),
        },
      }))}
    />
  );
}

const STATUSES = ["sent", "delivered", "opened", "clicked", "bounced", "failed", "unsubscribed", "complained"];
