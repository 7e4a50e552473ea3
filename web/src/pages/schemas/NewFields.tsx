import { ActionButton, Checkbox, Flex, Heading, Item, Picker, Text, TextField, View } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { useT } from "@/i18n/useT";
import { FIELD_TYPES, type NewField, pathFaults } from "./compose";

interface Props {
  tenant: string;
  fields: readonly NewField[];
  onChange: (fields: NewField[]) => void;
}

/** Fields of one's own, below the tenant's name; dots in a path make objects. */
export function NewFields({ tenant, fields, onChange }: Props) {
  const t = useT();
  const faults = pathFaults(fields);
  const set = (id: number, changed: Partial<NewField>) =>
    onChange(fields.map((one) => (one.id === id ? { ...one, ...changed } : one)));
  const add = () =>
    onChange([
      ...fields,
      {
        id: Math.max(0, ...fields.map((one) => one.id)) + 1,
        path: "",
        title: "",
        type: "string",
        isList: false,
        isRequired: false,
        choices: "",
      },
    ]);
  return (
    <View>
      <Heading level={3} marginY="size-50">
        {t("schemas.own")}
      </Heading>
      <Text>{t("schemas.own.detail", { name: `_${tenant}` })}</Text>
      {fields.map((one) => {
        const fault = faults.get(one.id);
        return (
          <Flex key={one.id} wrap gap="size-100" alignItems="end" marginTop="size-100">
            <TextField
              label={t("schemas.field.path")}
              value={one.path}
              onChange={(path) => set(one.id, { path })}
              validationState={one.path !== "" && fault !== undefined ? "invalid" : undefined}
              errorMessage={fault === undefined ? undefined : t(`schemas.fault.${fault}`)}
              width="size-2000"
            />
            <TextField
              label={t("schemas.field.title")}
              value={one.title}
              onChange={(title) => set(one.id, { title })}
              width="size-1700"
            />
            <Picker
              label={t("schemas.field.type")}
              items={FIELD_TYPES.map((id) => ({ id, name: t(`schemas.type.${id}`) }))}
              selectedKey={one.type}
              onSelectionChange={(key) => set(one.id, { type: FIELD_TYPES.find((type) => type === key) ?? "string" })}
              width="size-1700"
            >
              {(type) => <Item>{type.name}</Item>}
            </Picker>
            <TextField
              label={t("schemas.field.choices")}
              value={one.choices}
              isDisabled={one.type !== "string"}
              onChange={(choices) => set(one.id, { choices })}
              width="size-1700"
            />
            <Checkbox isSelected={one.isList} onChange={(isList) => set(one.id, { isList })}>
              {t("schemas.field.list")}
            </Checkbox>
            <Checkbox isSelected={one.isRequired} onChange={(isRequired) => set(one.id, { isRequired })}>
              {t("schemas.required")}
            </Checkbox>
            <ActionButton
              isQuiet
              aria-label={t("schemas.field.remove", { name: one.path })}
              onPress={() => onChange(fields.filter((other) => other.id !== one.id))}
            >
              <Delete />
            </ActionButton>
          </Flex>
        );
      })}
      <View marginTop="size-100">
        <ActionButton onPress={add}>
          <Add />
          <Text>{t("schemas.field.add")}</Text>
        </ActionButton>
      </View>
    </View>
  );
}
