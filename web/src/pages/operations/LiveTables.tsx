import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import type { ActionLine, Operations } from "./operations";

/** Calls of the present hour and the one before, by action. */
export function ActionCalls({ actions }: { actions: readonly ActionLine[] }) {
  const t = useT();
  if (actions.length === 0) return <p>{t("operations.actions.none")}</p>;
  const shown = (value: number | null) => (value === null ? "–" : <FormattedNumber value={value} />);
  const ms = (value: number | null) =>
    value === null ? "–" : <FormattedNumber value={value} style="unit" unit="millisecond" maximumFractionDigits={0} />;
  return (
    <FigureTable
      caption={t("operations.actions")}
      columns={["name", "calls", "errors", "p50", "p95", "reasons"].map((id) => ({
        id,
        name: t(`operations.action.${id}`),
        isText: id === "reasons",
      }))}
      rows={actions.map((action) => ({
        id: action.id,
        cells: {
          name: action.name,
          calls: shown(action.calls),
          errors: shown(action.errors),
          p50: ms(action.p50Ms),
          p95: ms(action.p95Ms),
          reasons: Object.entries(action.reasons)
            .map(([reason, count]) => `${reason} × ${count}`)
            .join(", "),
        },
      }))}
    />
  );
}

const CHANNELS = ["email", "sms", "push"];
const STATUSES = ["sent", "delivered", "opened", "clicked", "bounced", "failed", "unsubscribed", "complained"];

/** Messages of the last hour by channel. */
export function MessageCounts({ messages }: { messages: Operations["messages"] }) {
  const t = useT();
  if (messages.length === 0) return <p>{t("operations.messages.none")}</p>;
  const statuses = [...new Set(messages.flatMap((one) => Object.keys(one.counts)))];
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
      rows={messages.map((one) => ({
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
