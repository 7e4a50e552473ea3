import { Item, Picker } from "@adobe/react-spectrum";
import { type Faults, faultOf } from "./faults";

interface Props<T extends string> {
  label: string;
  choices: readonly T[];
  nameOf: (choice: T) => string;
  value: T;
  onChange: (value: T) => void;
  place: string;
  faults: Faults;
  isReadOnly: boolean;
}

/** One of several words. */
export function ChoiceField<T extends string>(props: Props<T>) {
  const { label, choices, nameOf, value, onChange, place, faults, isReadOnly } = props;
  return (
    <Picker
      label={label}
      items={choices.map((id) => ({ id, name: nameOf(id) }))}
      selectedKey={value}
      onSelectionChange={(key) => {
        const chosen = choices.find((choice) => choice === key);
        if (chosen !== undefined) onChange(chosen);
      }}
      isDisabled={isReadOnly}
      {...faultOf(faults, place)}
    >
      {(item) => <Item>{item.name}</Item>}
    </Picker>
  );
}
