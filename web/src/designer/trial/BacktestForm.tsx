import { Button, Checkbox, CheckboxGroup, DateRangePicker, Item, Picker } from "@adobe/react-spectrum";
import { getLocalTimeZone, parseDate, today } from "@internationalized/date";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LOADERS } from "@/activities/references";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useDraft } from "../draftContext";
import { DEFAULT_PERIOD, dataSetsOf, daysOf, PERIODS } from "./backtest";
import { eventsOf } from "./eventForm";
import styles from "./Trial.module.css";

interface Props {
  /** Ids; undefined: all that there are. */
  chosen: string[] | undefined;
  period: string;
  isRunning: boolean;
  onChange: (next: { data?: string[]; period?: string }) => void;
  onRun: (dataSets: string[]) => void;
}

/** Which events are replayed, and of what time. */
export function BacktestForm({ chosen, period, isRunning, onChange, onRun }: Props) {
  const t = useT();
  const mayRead = [useMay("datasets.read"), useMay("profiles.read")].every(Boolean);
  const document = useDraft((draft) => draft.document);
  const settings = { staleTime: 20_000, enabled: mayRead };
  const events = useQuery({ queryKey: ["references", "events"], queryFn: LOADERS.events, ...settings });
  const dataSets = useQuery({ queryKey: ["references", "dataSets"], queryFn: LOADERS.dataSets, ...settings });
  const failure = events.error ?? dataSets.error;
  if (!mayRead) return <p>{t("trial.backtest.denied")}</p>;
  if (failure !== null)
    return <ErrorNotice error={failure} onRetry={() => void Promise.all([events.refetch(), dataSets.refetch()])} />;
  if (events.data === undefined || dataSets.data === undefined) return <Loading />;

  const first = document.nodes[document.entry.node]?.type ?? "";
  const isOfAudience = first === "audienceQualification" || first === "readAudience";
  const offered = dataSetsOf(dataSets.data, events.data, eventsOf(document));
  const picked = offered.filter((one) => chosen?.includes(one.id) ?? true).map((one) => one.id);
  const days = daysOf(period);
  const now = today(getLocalTimeZone());
  return (
    <div className={styles.form}>
      <span>{t("trial.backtest.detail")}</span>
      {offered.length === 0 && !isOfAudience && (
        <p>
          {t("trial.backtest.noData")} <Link to="/datasets">{t("trial.backtest.toData")}</Link>
        </p>
      )}
      {offered.length > 0 && (
        <CheckboxGroup
          label={t("trial.backtest.dataSets")}
          value={picked}
          onChange={(data) => onChange({ data })}
          isDisabled={isRunning}
        >
          {offered.map((one) => (
            <Checkbox key={one.id} value={one.id}>
              {one.name}
            </Checkbox>
          ))}
        </CheckboxGroup>
      )}
      <Picker
        label={t("trial.backtest.period")}
        selectedKey={days === null ? (PERIODS.find((one) => one === period) ?? DEFAULT_PERIOD) : "days"}
        onSelectionChange={(key) =>
          onChange({ period: key === "days" ? `${now.subtract({ days: 6 })}..${now}` : String(key) })
        }
        isDisabled={isRunning}
        width="100%"
      >
        {[...PERIODS, "days"].map((one) => (
          <Item key={one}>{t(`trial.backtest.period.${one}`)}</Item>
        ))}
      </Picker>
      {days !== null && (
        <DateRangePicker
          label={t("trial.backtest.days")}
          value={{ start: parseDate(days.start), end: parseDate(days.end) }}
          maxValue={now}
          onChange={(range) => range !== null && onChange({ period: `${range.start}..${range.end}` })}
          isDisabled={isRunning}
          width="100%"
        />
      )}
      <Button
        variant="accent"
        isDisabled={isRunning || (picked.length === 0 && !isOfAudience)}
        onPress={() => onRun(picked)}
      >
        {t("trial.backtest.run")}
      </Button>
    </div>
  );
}
