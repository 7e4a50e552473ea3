import { Checkbox, CheckboxGroup, Item, NumberField, Picker, TimeField } from "@adobe/react-spectrum";
import { ListField } from "@/expressions/ListField";
import type { JourneyDocument, JourneyNode } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { timeText, toTime } from "../dates";
import { DateTimeField } from "../fields/DateTimeField";
import fields from "../fields/fields.module.css";
import { Part } from "../fields/Stack";
import { ZoneNote } from "../fields/ZoneNote";
import { numberOf, textsOf } from "../members";
import { textOf } from "../ways";
import {
  onSchedule,
  RECURRING,
  SCHEDULES,
  type ScheduleType,
  scheduleOf,
  scheduleTypeOf,
  WEEKDAYS,
  withSchedule,
} from "./schedule";

interface Props {
  node: JourneyNode;
  document: JourneyDocument;
  onChange: (node: JourneyNode) => void;
  isReadOnly: boolean;
  /** What is wrong with a member. */
  problem: (member: string) => string | undefined;
}

const DAYS_OF_MONTH = Array.from({ length: 31 }, (_, index) => String(index + 1));

/** When the audience is read. */
export function ScheduleFields({ node, document, onChange, isReadOnly, problem }: Props) {
  const t = useT();
  const type = scheduleTypeOf(node);
  const schedule = scheduleOf(node);
  const isRecurring = RECURRING.has(type);
  const set = (changes: Record<string, unknown>) => onChange(withSchedule(node, changes));
  const days = textsOf(schedule.days);
  const daysOfMonth = Array.isArray(schedule.daysOfMonth) ? schedule.daysOfMonth.map(String) : [];
  return (
    <Part title={t("activities.schedule")}>
      <Picker
        label={t("activities.schedule.type")}
        selectedKey={type}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => onChange(onSchedule(node, String(key) as ScheduleType))}
        width="100%"
      >
        {SCHEDULES.map((one) => (
          <Item key={one}>{t(`activities.schedule.${one}`)}</Item>
        ))}
      </Picker>
      {type !== "asap" && (
        <DateTimeField
          label={t("activities.schedule.start")}
          value={textOf(schedule.startDate)}
          onChange={(startDate) => set({ startDate })}
          isReadOnly={isReadOnly}
          isRequired={type === "once"}
          problem={problem("startDate")}
        />
      )}
      {isRecurring && (
        <>
          <DateTimeField
            label={t("activities.schedule.end")}
            value={textOf(schedule.endDate)}
            onChange={(endDate) => set({ endDate })}
            isReadOnly={isReadOnly}
            problem={problem("endDate")}
          />
          <TimeField
            label={t("activities.schedule.time")}
            description={t("activities.schedule.time.help")}
            value={toTime(textOf(schedule.time))}
            isReadOnly={isReadOnly}
            onChange={(time) => set({ time: time === null ? undefined : timeText(time) })}
            width="100%"
          />
          <NumberField
            label={t(`activities.schedule.every.${type}`)}
            value={numberOf(schedule.interval) ?? 1}
            minValue={1}
            maxValue={366}
            isReadOnly={isReadOnly}
            onChange={(interval) =>
              Number.isFinite(interval) && set({ interval: interval === 1 ? undefined : interval })
            }
            width="100%"
          />
        </>
      )}
      {type === "weekly" && (
        <CheckboxGroup
          label={t("activities.schedule.days")}
          value={days}
          isReadOnly={isReadOnly}
          validationState={problem("days") === undefined ? undefined : "invalid"}
          errorMessage={problem("days")}
          onChange={(next) => set({ days: WEEKDAYS.filter((day) => next.includes(day)) })}
        >
          {WEEKDAYS.map((day) => (
            <Checkbox key={day} value={day}>
              {t(`activities.day.${day}`)}
            </Checkbox>
          ))}
        </CheckboxGroup>
      )}
      {type === "monthly" && (
        <div>
          <span className={fields.note}>{t("activities.schedule.daysOfMonth")}</span>
          <ListField
            label={t("activities.schedule.daysOfMonth")}
            values={daysOfMonth}
            choices={DAYS_OF_MONTH}
            isNumeric
            isReadOnly={isReadOnly}
            onChange={(next) => set({ daysOfMonth: next.map(Number).sort((one, other) => one - other) })}
          />
        </div>
      )}
      {type !== "asap" && <ZoneNote document={document} />}
    </Part>
  );
}
