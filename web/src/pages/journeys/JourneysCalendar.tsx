import { ActionButton, Flex, Heading, Text } from "@adobe/react-spectrum";
import ChevronLeft from "@spectrum-icons/workflow/ChevronLeft";
import ChevronRight from "@spectrum-icons/workflow/ChevronRight";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FormattedDate, FormattedDateTimeRange, FormattedTime } from "react-intl";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { versionPath } from "./addresses";
import { byDay, calendarQuery, type Day, dayOf, type Entry, shift, startOf, weekOf } from "./calendar";
import styles from "./JourneysCalendar.module.css";

interface Props {
  /** Any day of the week that is shown; undefined: today's. */
  day: Day | undefined;
  onChange: (day: Day | undefined) => void;
}

/** What live journeys do in a week. */
export function JourneysCalendar({ day, onChange }: Props) {
  const t = useT();
  const today = dayOf(new Date());
  const shown = day ?? today;
  const days = weekOf(shown);
  const found = useQuery({ ...calendarQuery(shown), placeholderData: keepPreviousData });
  const entries = byDay(found.data?.entries ?? [], days);
  const go = (weeks: number) => {
    const next = shift(shown, 7 * weeks);
    onChange(days.includes(today) || !weekOf(next).includes(today) ? next : undefined);
  };
  const [first = shown] = days;
  return (
    <section aria-label={t("journeys.calendar")}>
      <Flex wrap alignItems="center" gap="size-100" marginBottom="size-150">
        <ActionButton onPress={() => go(-1)} aria-label={t("journeys.calendar.before")}>
          <ChevronLeft />
        </ActionButton>
        <ActionButton onPress={() => go(1)} aria-label={t("journeys.calendar.after")}>
          <ChevronRight />
        </ActionButton>
        <ActionButton onPress={() => onChange(undefined)} isDisabled={days.includes(today)}>
          {t("journeys.calendar.today")}
        </ActionButton>
        <Heading level={2} margin={0}>
          <FormattedDateTimeRange from={startOf(first)} to={startOf(shift(first, 6))} dateStyle="long" />
        </Heading>
      </Flex>
      {found.error && <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data?.isCut && <Text>{t("journeys.calendar.cut")}</Text>}
      {found.data && found.data.entries.length === 0 && <p>{t("journeys.calendar.empty")}</p>}
      {found.data && (
        <div className={styles.week}>
          {[...entries].map(([one, ofDay]) => (
            <div key={one} className={`${styles.day} ${one === today ? styles.today : ""}`}>
              <h3 className={styles.date} aria-current={one === today ? "date" : undefined}>
                <FormattedDate value={startOf(one)} weekday="short" day="numeric" month="short" />
              </h3>
              <ul className={styles.entries}>
                {ofDay.map((entry) => (
                  <EntryLine key={`${entry.versionUid} ${entry.kind} ${entry.at}`} entry={entry} />
                ))}
              </ul>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

function EntryLine({ entry }: { entry: Entry }) {
  const t = useT();
  return (
    <li className={`${styles.entry} ${styles[entry.kind]}`}>
      <span className={styles.detail}>
        <FormattedTime value={entry.at} /> · {t(`journeys.calendar.${entry.kind}`)}
      </span>
      <PageLink to={versionPath(entry.journeyUid, entry.versionUid)}>{entry.name}</PageLink>
      {entry.status === "Paused" && <span className={styles.detail}>{t("journeys.status.Paused")}</span>}
      {entry.run && (
        <span className={styles.detail}>
          {t(`journeys.calendar.run.${entry.run.status}`, { count: entry.run.enteredCount })}
        </span>
      )}
    </li>
  );
}
