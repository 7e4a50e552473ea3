import { Checkbox, CheckboxGroup, Flex, Switch, TimeField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { timeText, toTime } from "../dates";
import { Note } from "../fields/Stack";
import { objectOf, textsOf } from "../members";
import type { Path } from "../paths";
import { textOf } from "../ways";
import { WEEKDAYS } from "../weekdays";

interface Props {
  path: Path;
  onChange: (changes: Record<string, unknown>) => void;
  isReadOnly: boolean;
}

const END_OF_DAY = "24:00";

/** Hours of the day, days of the week, or both. */
export function TimeFields({ path, onChange, isReadOnly }: Props) {
  const t = useT();
  const hours = objectOf(path.hours);
  const [from, to] = [textOf(hours.from), textOf(hours.to)];
  const days = textsOf(path.days);
  const hasHours = path.hours !== undefined;
  const crosses = to !== END_OF_DAY && from > to;
  return (
    <>
      <Switch
        isSelected={hasHours}
        isReadOnly={isReadOnly}
        onChange={(on) => onChange({ hours: on ? { from: "09:00", to: "17:00" } : undefined })}
      >
        {t("activities.time.hours")}
      </Switch>
      {hasHours && (
        <Flex gap="size-100" wrap>
          <TimeField
            label={t("activities.time.from")}
            value={toTime(from)}
            isReadOnly={isReadOnly}
            onChange={(value) => value !== null && onChange({ hours: { ...hours, from: timeText(value) } })}
          />
          <TimeField
            label={t("activities.time.to")}
            value={to === END_OF_DAY ? toTime("00:00") : toTime(to)}
            isReadOnly={isReadOnly}
            onChange={(value) => {
              // Midnight as an end is that of the day: no hours end when they begin.
              if (value !== null) onChange({ hours: { ...hours, to: timeText(value).replace("00:00", END_OF_DAY) } });
            }}
          />
        </Flex>
      )}
      {crosses && <Note>{t("activities.time.crosses")}</Note>}
      {!hasHours && days.length === 0 && <Note>{t("activities.time.neither")}</Note>}
      <CheckboxGroup
        label={t("activities.time.days")}
        orientation="horizontal"
        value={days}
        isReadOnly={isReadOnly}
        onChange={(next) =>
          onChange({ days: next.length === 0 ? undefined : WEEKDAYS.filter((day) => next.includes(day)) })
        }
      >
        {WEEKDAYS.map((day) => (
          <Checkbox key={day} value={day}>
            {t(`activities.day.${day}`)}
          </Checkbox>
        ))}
      </CheckboxGroup>
    </>
  );
}
