import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import { byChannel, CHANNELS, STATUSES } from "./messages";
import type { MessageReport } from "./report";

/** Messages by channel: of all time, as nothing counts them by hour. */
export function MessageFigures({ report, document }: { report: MessageReport; document: unknown }) {
  const t = useT();
  const counts = byChannel(report, document);
  const channels = Object.keys(counts);
  if (channels.length === 0) return <p>{t("journeys.messages.none")}</p>;
  return (
    <FigureTable
      caption={t("journeys.messages.byChannel")}
      columns={[
        { id: "channel", name: t("journeys.messages.channel") },
        ...STATUSES.map((status) => ({ id: status, name: t(`journeys.messages.${status}`) })),
      ]}
      rows={channels.map((channel) => ({
        id: channel,
        cells: {
          channel: CHANNELS.some((one) => one === channel) ? t(`activities.channel.${channel}`) : channel,
          ...Object.fromEntries(
            STATUSES.map((status) => [status, <FormattedNumber key={status} value={counts[channel]?.[status] ?? 0} />]),
          ),
        },
      }))}
    />
  );
}
