import { Flex, Item, NumberField, Picker } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import type { Span } from "../spans";

interface Props {
  label: string;
  value: Span;
  onChange: (span: Span) => void;
  isReadOnly: boolean;
  problem?: string;
}

const UNITS = ["seconds", "minutes", "hours", "days"] as const;

/** A whole number of seconds, minutes, hours or days. */
export function DurationField({ label, value, onChange, isReadOnly, problem }: Props) {
  const t = useT();
  return (
    <Flex gap="size-100" alignItems="start">
      <NumberField
        label={label}
        value={value.value}
        minValue={1}
        maxValue={100_000_000}
        step={1}
        isReadOnly={isReadOnly}
        validationState={problem === undefined ? undefined : "invalid"}
        errorMessage={problem}
        onChange={(number) => Number.isInteger(number) && onChange({ ...value, value: number })}
        width="size-1600"
      />
      <Picker
        label={t("activities.unit")}
        selectedKey={value.unit}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => onChange({ ...value, unit: String(key) })}
        width="size-1600"
      >
        {UNITS.map((unit) => (
          <Item key={unit}>{t(`activities.unit.${unit}`)}</Item>
        ))}
      </Picker>
    </Flex>
  );
}
