import { ActionButton, Flex, Text, TextField, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import type { Pair } from "./authentication";
import type { Faults } from "./faults";
import { SecretField } from "./SecretField";

interface Props {
  title: string;
  add: string;
  rows: Pair[];
  onChange: (rows: Pair[]) => void;
  /** Where faults of a value are, before its name. */
  place: string;
  faults: Faults;
  isReadOnly: boolean;
}

/** Names with secret values, such as the headers of a token call. */
export function SecretRows({ title, add, rows, onChange, place, faults, isReadOnly }: Props) {
  const t = useT();
  const change = (index: number, changed: Partial<Pair>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...changed } : row)));
  return (
    <Part title={title}>
      {rows.map((row, index) => {
        const remove = t("actions.remove", { name: row.name || title });
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no id, and each field is told its value
          <Flex key={index} wrap gap="size-100" alignItems="end">
            <TextField
              label={t("actions.column.name")}
              value={row.name}
              onChange={(name) => change(index, { name })}
              isReadOnly={isReadOnly}
            />
            <SecretField
              label={t("actions.field.value")}
              value={row.value}
              onChange={(value) => change(index, { value })}
              place={`${place}.${row.name}`}
              faults={faults}
              isReadOnly={isReadOnly}
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
          <ActionButton onPress={() => onChange([...rows, { name: "", value: "" }])}>
            <Add />
            <Text>{add}</Text>
          </ActionButton>
        </div>
      )}
    </Part>
  );
}
