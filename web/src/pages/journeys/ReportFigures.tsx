import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { Figure, Figures } from "@/ui/Figure";
import type { Figures as Counted } from "./report";

const Share = ({ value }: { value: number }) => (
  <FormattedNumber value={value} style="percent" maximumFractionDigits={1} />
);

/** The main figures of a period. */
export function ReportFigures({ figures, current }: { figures: Counted; current: number }) {
  const t = useT();
  const others = figures.timedOut + figures.stopped + figures.exitedByCriteria + figures.discardedInPause;
  return (
    <Figures>
      <Figure
        label={t("journeys.figure.entered")}
        value={<FormattedNumber value={figures.entered} />}
        detail={t("journeys.figure.reentered", { count: figures.reentered })}
      />
      <Figure
        label={t("journeys.figure.current")}
        value={<FormattedNumber value={current} />}
        detail={t("journeys.figure.now")}
      />
      <Figure
        label={t("journeys.figure.completed")}
        value={<FormattedNumber value={figures.completed} />}
        detail={<Share value={figures.completionRate} />}
      />
      <Figure
        label={t("journeys.figure.failed")}
        value={<FormattedNumber value={figures.failed} />}
        detail={<Share value={figures.failedRate} />}
        tone={figures.failed > 0 ? "negative" : undefined}
      />
      <Figure
        label={t("journeys.figure.others")}
        value={<FormattedNumber value={others} />}
        detail={t("journeys.figure.othersDetail")}
      />
      <Figure
        label={t("journeys.figure.discarded")}
        value={<FormattedNumber value={figures.discarded} />}
        detail={<Share value={figures.discardRate} />}
        tone={figures.discarded > 0 ? "notice" : undefined}
      />
    </Figures>
  );
}
