import { Item, Picker, TextField } from "@adobe/react-spectrum";
import type { SchemaField } from "@/activities/schemaFields";
import { useT } from "@/i18n/useT";
import type { Values } from "./eventForm";

interface Props {
  fields: readonly SchemaField[];
  values: Values;
  onChange: (values: Values) => void;
}

/** One input for each field of an event, by its type; enumerations are choices. */
export function EventFields({ fields, values, onChange }: Props) {
  const t = useT();
  return fields.map(({ pointer, path, title, type, enum: choices }) => {
    const options = choices?.map(String) ?? (type === "boolean" ? ["true", "false"] : null);
    const put = (value: string) => onChange({ ...values, [pointer]: value });
    const description = `${path} · ${type}`;
    return options === null ? (
      <TextField
        key={pointer}
        label={title}
        description={description}
        value={values[pointer] ?? ""}
        onChange={put}
        inputMode={["integer", "decimal", "number"].includes(type) ? "decimal" : undefined}
        width="100%"
      />
    ) : (
      <Picker
        key={pointer}
        label={title}
        description={description}
        items={[{ id: "", name: t("trial.blank") }, ...options.map((id) => ({ id, name: id }))]}
        selectedKey={values[pointer] ?? ""}
        onSelectionChange={(key) => put(String(key))}
        width="100%"
      >
        {(option) => <Item key={option.id}>{option.name}</Item>}
      </Picker>
    );
  });
}
