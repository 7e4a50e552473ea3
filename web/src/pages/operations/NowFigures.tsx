import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { Figure, Figures } from "@/ui/Figure";
import { Light } from "@/ui/Light";
import type { Operations } from "./operations";

const PARTS = ["log", "database", "worker"];

/** The figures of this moment. */
export function NowFigures({ now }: { now: Operations }) {
  const t = useT();
  const shown = (value: number | null) => (value === null ? "–" : <FormattedNumber value={value} />);
  const late = (seconds: number | null) =>
    seconds === null || seconds === 0 ? t("operations.onTime") : t("operations.late", { seconds });
  return (
    <Figures>
      <Figure label={t("operations.figure.received")} value={shown(now.received)} detail={t("operations.lastDay")} />
      <Figure label={t("operations.figure.landed")} value={shown(now.landed)} detail={t("operations.lastDay")} />
      <Figure
        label={t("operations.figure.failed")}
        value={shown(now.failed)}
        detail={t("operations.atRest", { count: now.failedAtRest ?? 0 })}
        tone={(now.failedAtRest ?? 0) > 0 ? "negative" : undefined}
      />
      <Figure
        label={t("operations.figure.pending")}
        value={shown(now.pending)}
        detail={late(now.pendingLateSeconds)}
        tone={(now.pendingLateSeconds ?? 0) > 60 ? "notice" : undefined}
      />
      <Figure
        label={t("operations.figure.lake")}
        value={shown(now.waitingForLake)}
        detail={late(now.lakeLateSeconds)}
      />
      <Figure
        label={t("operations.figure.timers")}
        value={shown(now.timersDue)}
        detail={late(now.timersLateSeconds)}
        tone={(now.timersLateSeconds ?? 0) > 60 ? "notice" : undefined}
      />
      <Figure label={t("operations.figure.outbox")} value={shown(now.outbox)} detail={late(now.outboxLateSeconds)} />
      {Object.entries(now.checks).map(([part, state]) => (
        <Figure
          key={part}
          label={PARTS.includes(part) ? t(`settings.part.${part}`) : part}
          value={
            <Light tone={state === "ok" ? "positive" : "negative"}>{state === "ok" ? t("settings.ok") : state}</Light>
          }
        />
      ))}
    </Figures>
  );
}
