import { Heading } from "@adobe/react-spectrum";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ChartGrid } from "@/ui/chart/ChartGrid";
import { COLORS, TimeChart } from "@/ui/chart/TimeChart";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { ActionCalls, MessageCounts } from "./LiveTables";
import { NowFigures } from "./NowFigures";
import { useOperations } from "./useOperations";

const TIMES: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** Charts and the lines in them. */
const CHARTS = [
  { id: "events", lines: ["received", "landed", "refused"], colors: [COLORS.blue, COLORS.green, COLORS.red] },
  { id: "lag", lines: ["pending", "pendingLateSeconds"], colors: [COLORS.purple, COLORS.orange] },
  { id: "journeys", lines: ["entered", "discarded", "failed"], colors: [COLORS.blue, COLORS.orange, COLORS.red] },
  { id: "calls", lines: ["calls", "callErrors"], colors: [COLORS.green, COLORS.red] },
  { id: "outbox", lines: ["outbox", "outboxLateSeconds"], colors: [COLORS.blue, COLORS.orange] },
  { id: "timers", lines: ["timersDue", "timersLateSeconds"], colors: [COLORS.seafoam, COLORS.orange] },
];
const DASHES = [undefined, "6 3", "2 3"];

/** What the server does now. */
export function LiveFigures() {
  const t = useT();
  return useMay("monitoring.read") ? <Shown /> : <p>{t("operations.notYours")}</p>;
}

function Shown() {
  const t = useT();
  const { now, samples, error, retry } = useOperations();
  return (
    <>
      {error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {now === null && error === null && <Loading />}
      {now !== null && (
        <>
          <NowFigures now={now} />
          <ChartGrid>
            {CHARTS.map((chart) => (
              <TimeChart
                key={chart.id}
                title={t(`operations.chart.${chart.id}`)}
                times={TIMES}
                points={samples}
                height={180}
                series={chart.lines.map((id, i) => ({
                  id,
                  name: t(`operations.series.${id}`),
                  color: chart.colors[i] ?? COLORS.blue,
                  dash: DASHES[i],
                }))}
              />
            ))}
          </ChartGrid>
          <Heading level={2}>{t("operations.actions")}</Heading>
          <ActionCalls actions={now.actions} />
          <Heading level={2}>{t("operations.messages")}</Heading>
          <MessageCounts messages={now.messages} />
        </>
      )}
    </>
  );
}
