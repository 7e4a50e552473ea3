import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { Figure, Figures } from "@/ui/Figure";
import type { Overview } from "./queries";

/** The sandbox in the last 24 hours. */
export function JourneysOverview({ overview }: { overview: Overview }) {
  const t = useT();
  return (
    <section aria-label={t("journeys.overview")}>
      <Figures>
        <Figure
          label={t("journeys.overview.live")}
          value={<FormattedNumber value={overview.liveJourneys} />}
          detail={t("journeys.overview.withTraffic", { count: overview.liveJourneysWithTraffic })}
        />
        <Figure
          label={t("journeys.overview.entered")}
          value={<FormattedNumber value={overview.profilesProcessed} />}
          detail={t("journeys.overview.day")}
        />
        <Figure
          label={t("journeys.overview.errorRate")}
          value={<FormattedNumber value={overview.errorRate} style="percent" maximumFractionDigits={1} />}
          detail={t("journeys.overview.failed", { count: overview.failed })}
          tone={overview.errorRate > 0.05 ? "negative" : undefined}
        />
        <Figure
          label={t("journeys.overview.discardRate")}
          value={<FormattedNumber value={overview.discardRate} style="percent" maximumFractionDigits={1} />}
          detail={t("journeys.overview.discarded", { count: overview.discarded })}
          tone={overview.discardRate > 0.2 ? "notice" : undefined}
        />
        <Figure
          label={t("journeys.overview.unheard")}
          value={<FormattedNumber value={overview.eventsWithoutJourney} />}
          detail={t("journeys.overview.unheardDetail")}
        />
      </Figures>
    </section>
  );
}
