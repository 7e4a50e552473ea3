import { ActionButton, Flex, Item, Picker, Text, TextField, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { type EntryDraft, KINDS } from "./draft";
import { type Faults, faultOf } from "./faults";

interface Props {
  /** Its key in the document. */
  place: "headers" | "queryParameters";
  rows: EntryDraft[];
  onChange: (rows: EntryDraft[]) => void;
  faults: Faults;
  isReadOnly: boolean;
}

/** Headers or query parameters, each constant or filled by the journey. */
export function EntryRows({ place, rows, onChange, faults, isReadOnly }: Props) {
  const t = useT();
  const title = t(`actions.part.${place}`);
  const change = (index: number, changed: Partial<EntryDraft>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...changed } : row)));
  return (
    <Part title={title}>
      {rows.map((row, index) => {
        const isConstant = row.kind === "constant";
        const at = `${place}[${index}]`;
        const remove = t("actions.remove", { name: row.name || title });
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no id, and each field is told its value
          <Flex key={index} wrap gap="size-100" alignItems="end">
            <TextField
              label={t("actions.column.name")}
              value={row.name}
              onChange={(name) => change(index, { name })}
              isReadOnly={isReadOnly}
              {...faultOf(faults, `${at}.name`)}
            />
            <Picker
              label={t("actions.field.kind")}
              items={KINDS.map((id) => ({ id, name: t(`actions.kind.${id}`) }))}
              selectedKey={row.kind}
              onSelectionChange={(key) => change(index, { kind: KINDS.find((kind) => kind === key) ?? row.kind })}
              isDisabled={isReadOnly}
              width="size-2000"
              {...faultOf(faults, `${at}.kind`)}
            >
              {(item) => <Item>{item.name}</Item>}
            </Picker>
            <TextField
              label={t(isConstant ? "actions.field.value" : "actions.field.label")}
              value={row.text}
              onChange={(text) => change(index, { text })}
              isReadOnly={isReadOnly}
              width="size-3600"
              {...faultOf(faults, `${at}.${isConstant ? "value" : "label"}`)}
            />
            {!isReadOnly && (
              <TooltipTrigger>
                <ActionButton
                  isQuiet
                  aria-label={remove}
                  onPress={() => onChange(rows.filter((_, at) => at !== index))}
                >
                  <Delete />
                </ActionButton>
                <Tooltip>{remove}</Tooltip>
              </TooltipTrigger>
            )}
          </Flex>
        );
      })}
      {!isReadOnly && (
        <div>
          <ActionButton onPress={() => onChange([...rows, { name: "", kind: "constant", text: "" }])}>
            <Add />
            <Text>{t(`actions.add.${place}`)}</Text>
          </ActionButton>
        </div>
      )}
    </Part>
  );
}
