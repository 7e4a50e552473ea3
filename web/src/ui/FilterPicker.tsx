import { Item, Picker } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";

const ANY = "any";

interface Props<Id extends string> {
  label: string;
  choices: readonly { id: Id; name: string }[];
  /** undefined: any. */
  value: Id | undefined;
  onChange: (value: Id | undefined) => void;
  width?: "size-1600" | "size-2000" | "size-2400" | "size-3400";
}

/** One of the kinds a list is narrowed to, or any. */
export function FilterPicker<Id extends string>({ label, choices, value, onChange, width }: Props<Id>) {
  const t = useT();
  return (
    <Picker
      label={label}
      items={[{ id: ANY, name: t("common.any") }, ...choices]}
      selectedKey={value ?? ANY}
      onSelectionChange={(key) => onChange(choices.find((one) => one.id === key)?.id)}
      width={width}
    >
      {(item) => <Item>{item.name}</Item>}
    </Picker>
  );
}
