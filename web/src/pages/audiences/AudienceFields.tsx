import { ActionButton, Button, ButtonGroup, Flex, Item, Picker, Text, TextField } from "@adobe/react-spectrum";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { type Audience, FIELD_TYPES, type Field, saveFields } from "./audiences";

interface Props {
  audience: Audience;
  isReadOnly: boolean;
}

/** What its lists say of a member: journeys that read the audience offer these fields, and know their types. */
export function AudienceFields({ audience, isReadOnly }: Props) {
  const t = useT();
  const saved = audience.fields ?? [];
  const [edited, setEdited] = useState<Field[] | null>(null);
  const fields = edited ?? saved;
  const save = useAct((next: Field[]) => saveFields(audience.id, next), {
    invalidates: [["audiences", "list"]],
    done: t("audiences.fields.saved"),
    showsError: true,
    onDone: () => setEdited(null),
  });
  const change = (at: number, changes: Partial<Field>) =>
    setEdited(fields.map((field, index) => (index === at ? { ...field, ...changes } : field)));
  return (
    <Flex direction="column" gap="size-100">
      <Text>{t("audiences.fields.help")}</Text>
      {fields.map((field, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name is being written, and two may be alike meanwhile
        <Flex key={index} gap="size-100" alignItems="end">
          <TextField
            label={t("audiences.fields.name")}
            value={field.name}
            onChange={(name) => change(index, { name })}
            isReadOnly={isReadOnly}
          />
          <Picker
            label={t("audiences.fields.type")}
            items={FIELD_TYPES.map((id) => ({ id }))}
            selectedKey={field.type}
            onSelectionChange={(key) => change(index, { type: String(key) })}
            isDisabled={isReadOnly}
          >
            {(item) => <Item>{t(`audiences.fields.type.${item.id}`)}</Item>}
          </Picker>
          {!isReadOnly && (
            <ActionButton onPress={() => setEdited(fields.filter((_, at) => at !== index))}>
              {t("audiences.fields.remove", { name: field.name })}
            </ActionButton>
          )}
        </Flex>
      ))}
      {save.error && <ErrorNotice error={save.error} />}
      {!isReadOnly && (
        <ButtonGroup>
          <Button variant="secondary" onPress={() => setEdited([...fields, { name: "", type: "string" }])}>
            {t("audiences.fields.add")}
          </Button>
          {edited !== null && (
            <>
              <Button variant="secondary" onPress={() => setEdited(null)}>
                {t("common.cancel")}
              </Button>
              <Button
                variant="accent"
                isDisabled={edited.some((field) => field.name.trim() === "")}
                isPending={save.isPending}
                onPress={() => save.mutate(edited)}
              >
                {t("common.save")}
              </Button>
            </>
          )}
        </ButtonGroup>
      )}
    </Flex>
  );
}
