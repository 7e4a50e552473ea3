import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import styles from "./CountersBar.module.css";
import type { Counters } from "./counters";

const SHOWN = [
  "entered",
  "current",
  "completed",
  "failed",
  "timedOut",
  "exitedByCriteria",
  "stopped",
  "discarded",
] as const;

/** The version's totals, as they change. */
export function CountersBar({ counters, isLost }: { counters: Counters; isLost: boolean }) {
  const t = useT();
  return (
    <section className={styles.bar} aria-label={t("live.totals")}>
      {SHOWN.filter((name) => counters[name] > 0 || name === "entered" || name === "current").map((name) => (
        <span key={name} className={styles.total} data-testid={`total-${name}`}>
          <strong>
            <FormattedNumber value={counters[name]} />
          </strong>{" "}
          {t(`live.${name}`)}
        </span>
      ))}
      <span className={styles.legend}>
        <i data-tone="informative" /> {t("live.legend.here")}
        <i data-tone="notice" /> {t("live.legend.notable")}
        <i data-tone="negative" /> {t("live.legend.great")}
      </span>
      {isLost && <span role="status">{t("live.lost")}</span>}
    </section>
  );
}
