import { DatePicker, Flex, Item, NumberField, Picker, TextField } from "@adobe/react-spectrum";
import { parseAbsolute, parseDate, parseDateTime } from "@internationalized/date";
import { useT } from "@/i18n/useT";
import { ListField } from "./ListField";
import { numberText } from "./operators";
import type { SpanUnit, Value } from "./rows";
import type { ExpressionType } from "./scope";

interface Props {
  label: string;
  value: Value;
  /** Of the field that it is compared with. */
  type: ExpressionType;
  /** The values there are; null for any. */
  choices: unknown[] | null;
  isReadOnly: boolean;
  onChange: (value: Value) => void;
}

const UNITS: SpanUnit[] = ["hours", "days", "months", "years"];

/** What a row compares with, by a field that fits its type. */
export function ValueField({ label, value, type, choices, isReadOnly, onChange }: Props) {
  const t = useT();
  const shared = { "aria-label": label, width: "100%", isReadOnly };
  switch (value.type) {
    case "text": {
      const texts = choices?.filter((choice) => typeof choice === "string") ?? [];
      if (texts.length === 0) {
        return <TextField {...shared} value={value.text} onChange={(text) => onChange({ type: "text", text })} />;
      }
      return (
        <Picker
          aria-label={label}
          width="100%"
          isDisabled={isReadOnly}
          selectedKey={value.text}
          onSelectionChange={(key) => onChange({ type: "text", text: String(key) })}
        >
          {withPresent(texts, value.text).map((text) => (
            <Item key={text}>{text}</Item>
          ))}
        </Picker>
      );
    }
    case "number":
      return (
        <NumberField
          {...shared}
          value={Number(value.text)}
          step={type === "integer" || type === "listInteger" ? 1 : undefined}
          formatOptions={{ maximumFractionDigits: type === "integer" ? 0 : 12 }}
          onChange={(number) => {
            if (Number.isFinite(number)) onChange({ type: "number", text: numberText(number, type) });
          }}
        />
      );
    case "boolean":
      return (
        <Picker
          aria-label={label}
          width="100%"
          isDisabled={isReadOnly}
          selectedKey={String(value.value)}
          onSelectionChange={(key) => onChange({ type: "boolean", value: key === "true" })}
        >
          <Item key="true">{t("expressions.builder.yes")}</Item>
          <Item key="false">{t("expressions.builder.no")}</Item>
        </Picker>
      );
    case "date":
      return <DateValue {...{ label, isReadOnly, onChange }} text={value.text} />;
    case "texts":
    case "numbers":
      return (
        <ListField
          label={label}
          values={value.texts}
          choices={choices?.map(String) ?? null}
          isNumeric={value.type === "numbers"}
          isReadOnly={isReadOnly}
          onChange={(texts) => onChange({ type: value.type, texts })}
        />
      );
    case "span":
      return (
        <Flex gap="size-100" wrap>
          <NumberField
            aria-label={label}
            width="size-1000"
            minValue={0}
            maxValue={100_000}
            isReadOnly={isReadOnly}
            value={value.count}
            onChange={(count) => Number.isFinite(count) && onChange({ ...value, count })}
          />
          <Picker
            aria-label={t("expressions.builder.unit")}
            width="size-1250"
            isDisabled={isReadOnly}
            selectedKey={value.unit}
            onSelectionChange={(key) => onChange({ ...value, unit: String(key) as SpanUnit })}
          >
            {UNITS.map((unit) => (
              <Item key={unit}>{t(`expressions.unit.${unit}`)}</Item>
            ))}
          </Picker>
        </Flex>
      );
    default:
      return null;
  }
}

const withPresent = (choices: string[], present: string) =>
  choices.includes(present) ? choices : [present, ...choices];

interface DateProps {
  label: string;
  text: string;
  isReadOnly: boolean;
  onChange: (value: Value) => void;
}

/** A day, a reading, or an instant, as it is written; what can't be read is a text. */
function DateValue({ label, text, isReadOnly, onChange }: DateProps) {
  const parsed = parse(text);
  const set = (next: string) => onChange({ type: "date", text: next });
  if (parsed === null)
    return <TextField aria-label={label} width="100%" value={text} onChange={set} isReadOnly={isReadOnly} />;
  return (
    <DatePicker
      aria-label={label}
      width="100%"
      hideTimeZone={false}
      granularity={text.includes("T") ? "minute" : "day"}
      value={parsed}
      isReadOnly={isReadOnly}
      onChange={(value) => {
        if (value !== null)
          set("timeZone" in value ? value.toAbsoluteString().replace(".000Z", "Z") : value.toString());
      }}
    />
  );
}

function parse(text: string) {
  try {
    if (!text.includes("T")) return parseDate(text);
    return /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? parseAbsolute(text, "UTC") : parseDateTime(text);
  } catch {
    return null;
  }
}
