import { ActionButton, Flex, Text, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import type { ReactNode } from "react";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";

interface Props<Row> {
  title: string;
  /** Of the button that adds one. */
  add: string;
  rows: readonly Row[];
  /** What is added. */
  blank: Row;
  onChange: (rows: Row[]) => void;
  isReadOnly: boolean;
  /** The fields of a row. */
  children: (row: Row, index: number, change: (changed: Partial<Row>) => void) => ReactNode;
}

/** Rows of fields that are added and taken away, each with a name. */
export function Rows<Row extends { name: string }>({
  title,
  add,
  rows,
  blank,
  onChange,
  isReadOnly,
  children,
}: Props<Row>) {
  const t = useT();
  return (
    <Part title={title}>
      {rows.map((row, index) => {
        const remove = t("actions.remove", { name: row.name || title });
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no id, and each field is told its value
          <Flex key={index} wrap gap="size-100" alignItems="end">
            {children(row, index, (changed) =>
              onChange(rows.map((one, at) => (at === index ? { ...one, ...changed } : one))),
            )}
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
          <ActionButton onPress={() => onChange([...rows, blank])}>
            <Add />
            <Text>{add}</Text>
          </ActionButton>
        </div>
      )}
    </Part>
  );
}
