import { DatePicker, TextField } from "@adobe/react-spectrum";
import { dateTimeText, toDateTime } from "../dates";

interface Props {
  label: string;
  value: string;
  onChange: (text: string | undefined) => void;
  isReadOnly: boolean;
  description?: string;
  isRequired?: boolean;
  problem?: string;
}

/** A date and a time in the journey's zone; what has an offset is shown as it is written. */
export function DateTimeField({ label, value, onChange, isReadOnly, description, isRequired, problem }: Props) {
  const parsed = toDateTime(value);
  const shared = { label, description, isRequired, isReadOnly, width: "100%", errorMessage: problem };
  const validationState = problem === undefined ? undefined : "invalid";
  if (value !== "" && parsed === null) {
    return (
      <TextField
        {...shared}
        validationState={validationState}
        value={value}
        onChange={(text) => onChange(text || undefined)}
      />
    );
  }
  return (
    <DatePicker
      {...shared}
      validationState={validationState}
      granularity="minute"
      value={parsed}
      onChange={(next) => onChange(next === null ? undefined : dateTimeText(next))}
    />
  );
}
