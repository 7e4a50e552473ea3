import { useT } from "@/i18n/useT";
import { COLORS, TimeChart } from "@/ui/chart/TimeChart";
import { byChannel, CHANNELS, STATUSES } from "./messages";
import type { MessageReport } from "./report";

const TONES = {
  sent: COLORS.blue,
  delivered: COLORS.green,
  opened: COLORS.seafoam,
  clicked: COLORS.purple,
  bounced: COLORS.orange,
  failed: COLORS.red,
  unsubscribed: COLORS.gray,
  complained: COLORS.magenta,
};

/** Messages by channel: of all time, as nothing counts them by hour. */
export function MessageFigures({ report, document }: { report: MessageReport; document: unknown }) {
  const t = useT();
  const counts = byChannel(report, document);
  const channels = Object.keys(counts);
  if (channels.length === 0) return <p>{t("journeys.messages.none")}</p>;
  const labels = channels.map((channel) =>
    CHANNELS.some((one) => one === channel) ? t(`activities.channel.${channel}`) : channel,
  );
  return (
    <TimeChart
      title={t("journeys.messages.byChannel")}
      isBar
      height={260}
      categories={{ name: t("journeys.messages.channel"), labels }}
      series={STATUSES.map((id) => ({ id, name: t(`journeys.messages.${id}`), color: TONES[id] }))}
      points={channels.map((channel, at) => ({
        at,
        values: Object.fromEntries(STATUSES.map((status) => [status, counts[channel]?.[status] ?? 0])),
      }))}
    />
  );
}
