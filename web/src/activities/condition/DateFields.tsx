import { Checkbox, DatePicker, TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { dateTimeText, toDate, toDateTime } from "../dates";
import type { Path } from "../paths";
import { textOf } from "../ways";

interface Props {
  path: Path;
  onChange: (changes: Record<string, unknown>) => void;
  isReadOnly: boolean;
}

/** From when until when; an end that is a day includes it. */
export function DateFields({ path, onChange, isReadOnly }: Props) {
  const t = useT();
  return (
    <>
      <Bound
        label={t("activities.date.from")}
        value={textOf(path.from)}
        onChange={(from) => onChange({ from })}
        isReadOnly={isReadOnly}
      />
      <Bound
        label={t("activities.date.to")}
        value={textOf(path.to)}
        onChange={(to) => onChange({ to })}
        isReadOnly={isReadOnly}
        description={t("activities.date.to.help")}
      />
    </>
  );
}

interface BoundProps {
  label: string;
  value: string;
  onChange: (text: string | undefined) => void;
  isReadOnly: boolean;
  description?: string;
}

function Bound({ label, value, onChange, isReadOnly, description }: BoundProps) {
  const t = useT();
  const hasTime = value.includes("T");
  const parsed = hasTime ? toDateTime(value) : toDate(value);
  if (value !== "" && parsed === null) {
    return (
      <TextField
        label={label}
        value={value}
        onChange={(text) => onChange(text || undefined)}
        isReadOnly={isReadOnly}
        width="100%"
      />
    );
  }
  return (
    <div>
      <DatePicker
        label={label}
        description={description}
        granularity={hasTime ? "minute" : "day"}
        value={parsed}
        isReadOnly={isReadOnly}
        onChange={(next) => onChange(next === null ? undefined : dateTimeText(next))}
        width="100%"
      />
      {value !== "" && (
        <Checkbox
          isSelected={hasTime}
          isReadOnly={isReadOnly}
          onChange={(on) => onChange(on ? `${value}T00:00` : value.slice(0, 10))}
        >
          {t("activities.date.withTime")}
        </Checkbox>
      )}
    </div>
  );
}
