import {
  ActionButton,
  Button,
  Checkbox,
  CheckboxGroup,
  DatePicker,
  Item,
  Picker,
  Switch,
  Text,
  TimeField,
} from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { timeText, toDate, toTime } from "@/activities/dates";
import { WEEKDAYS } from "@/activities/weekdays";
import { today } from "@/expressions/today";
import { useT } from "@/i18n/useT";
import { DocumentField } from "../templates/DocumentField";
import { type FieldFault, shownAt } from "../templates/draft";
import { HANDLINGS, MOST_PERIODS, periodBy, type QuietPeriod, type Rule } from "./ruleSets";
import styles from "./rules.module.css";

interface Props {
  rule: Rule;
  onChange: (rule: Rule) => void;
  fault: FieldFault | null;
  /** Of the rule in the document, `$.rules[0]`. */
  path: string;
  isReadOnly: boolean;
}

/** When it is quiet, in whose time, and what becomes of a message then. */
export function QuietFields({ rule, onChange, fault, path, isReadOnly }: Props) {
  const t = useT();
  const { periods = [], handling = "queue", useProfileTimeZone = false } = rule;
  const setPeriods = (next: QuietPeriod[]) => onChange({ ...rule, periods: next });
  const setZone = (isOwn: boolean) => {
    const { timeZone: _, useProfileTimeZone: __, ...others } = rule;
    onChange(isOwn ? { ...others, useProfileTimeZone: true } : { ...others, timeZone: "UTC" });
  };
  return (
    <>
      <Picker
        label={t("rules.handling")}
        items={HANDLINGS.map((id) => ({ id, name: t(`rules.handling.${id}`) }))}
        selectedKey={handling}
        onSelectionChange={(key) => onChange({ ...rule, handling: HANDLINGS.find((one) => one === key) ?? handling })}
        isDisabled={isReadOnly}
        width="100%"
      >
        {(item) => <Item>{item.name}</Item>}
      </Picker>
      <Switch isSelected={useProfileTimeZone} onChange={setZone} isReadOnly={isReadOnly}>
        {t("rules.ownZone")}
      </Switch>
      {!useProfileTimeZone && (
        <DocumentField
          label={t("rules.timeZone")}
          description={t("rules.timeZone.detail")}
          value={rule.timeZone ?? "UTC"}
          onChange={(timeZone) => onChange({ ...rule, timeZone })}
          isReadOnly={isReadOnly}
          fault={fault}
          path={`${path}.timeZone`}
        />
      )}
      {periods.map((period, index) => (
        <PeriodFields
          // biome-ignore lint/suspicious/noArrayIndexKey: periods have no id
          key={index}
          number={index + 1}
          period={period}
          onChange={(next) => setPeriods(periods.map((one, at) => (at === index ? next : one)))}
          onRemove={periods.length > 1 ? () => setPeriods(periods.filter((_, at) => at !== index)) : null}
          fault={fault}
          path={`${path}.periods[${index}]`}
          isReadOnly={isReadOnly}
        />
      ))}
      {!isReadOnly && (
        <div>
          <Button
            variant="secondary"
            isDisabled={periods.length >= MOST_PERIODS}
            onPress={() => setPeriods([...periods, { days: ["saturday", "sunday"] }])}
          >
            <Add />
            <Text>{t("rules.quiet.add")}</Text>
          </Button>
        </div>
      )}
    </>
  );
}

interface PeriodProps {
  number: number;
  period: QuietPeriod;
  onChange: (period: QuietPeriod) => void;
  /** null: it is the last one. */
  onRemove: (() => void) | null;
  fault: FieldFault | null;
  path: string;
  isReadOnly: boolean;
}

function PeriodFields({ number, period, onChange, onRemove, fault, path, isReadOnly }: PeriodProps) {
  const t = useT();
  const by = period.days === undefined ? "dates" : "days";
  const isWholeDay = period.from === undefined && period.to === undefined;
  const { from = "00:00", to = "24:00" } = period;
  const setHours = (on: boolean) => {
    const { from: _, to: __, ...others } = period;
    onChange(on ? { ...others, from: "21:00", to: "08:00" } : others);
  };
  return (
    <fieldset className={styles.period} aria-label={t("rules.quiet.period", { number })}>
      <div className={styles.row}>
        <Picker
          label={t("rules.quiet.period", { number })}
          items={(["days", "dates"] as const).map((id) => ({ id, name: t(`rules.quiet.${id}`) }))}
          selectedKey={by}
          onSelectionChange={(key) => onChange(periodBy(period, key === "dates" ? "dates" : "days", today()))}
          isDisabled={isReadOnly}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        {by === "dates" &&
          (["firstDate", "lastDate"] as const).map((name) => (
            <DatePicker
              key={name}
              label={t(`rules.quiet.${name}`)}
              value={toDate(period[name] ?? "")}
              isReadOnly={isReadOnly}
              onChange={(value) => value !== null && onChange({ ...period, [name]: value.toString() })}
              {...shownAt(fault, `${path}.${name}`)}
            />
          ))}
        {onRemove !== null && !isReadOnly && (
          <ActionButton isQuiet aria-label={t("rules.quiet.remove", { number })} onPress={onRemove}>
            <Delete />
          </ActionButton>
        )}
      </div>
      {by === "days" && (
        <CheckboxGroup
          aria-label={t("activities.time.days")}
          orientation="horizontal"
          value={period.days ?? []}
          isReadOnly={isReadOnly}
          onChange={(next) => onChange({ ...period, days: WEEKDAYS.filter((day) => next.includes(day)) })}
          {...shownAt(fault, `${path}.days`)}
        >
          {WEEKDAYS.map((day) => (
            <Checkbox key={day} value={day}>
              {t(`activities.day.${day}`)}
            </Checkbox>
          ))}
        </CheckboxGroup>
      )}
      <Switch isSelected={isWholeDay} onChange={(on) => setHours(!on)} isReadOnly={isReadOnly}>
        {t("rules.quiet.wholeDay")}
      </Switch>
      {!isWholeDay && (
        <div className={styles.row}>
          <TimeField
            label={t("rules.quiet.from")}
            value={toTime(from)}
            isReadOnly={isReadOnly}
            onChange={(value) => value !== null && onChange({ ...period, from: timeText(value) })}
          />
          <TimeField
            label={t("rules.quiet.to")}
            value={toTime(to === "24:00" ? "00:00" : to)}
            isReadOnly={isReadOnly}
            // midnight as an end is that of the day: no hours end when they begin
            onChange={(value) =>
              value !== null && onChange({ ...period, to: timeText(value).replace("00:00", "24:00") })
            }
            {...shownAt(fault, `${path}.to`)}
          />
        </div>
      )}
    </fieldset>
  );
}
