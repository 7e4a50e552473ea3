import { ActionButton, Flex, Item, type Key, Picker, TagGroup, Text, TextField } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useState } from "react";
import { useT } from "@/i18n/useT";

interface Props {
  label: string;
  values: string[];
  /** The values there are; null for any. */
  choices: string[] | null;
  isNumeric: boolean;
  isReadOnly: boolean;
  onChange: (values: string[]) => void;
}

/** Several texts or numbers; the last one stays, for a list of none compares with nothing. */
export function ListField({ label, values, choices, isNumeric, isReadOnly, onChange }: Props) {
  const t = useT();
  const [text, setText] = useState("");
  const isWrong = isNumeric && text !== "" && !/^-?\d+(\.\d+)?$/.test(text.trim());
  const add = (value: string) => {
    if (value === "" || isWrong) return;
    if (!values.includes(value)) onChange([...values.filter((one) => one !== ""), value]);
    setText("");
  };
  const items = values.map((value, index) => ({ id: `${index}`, value }));
  const left = choices?.filter((choice) => !values.includes(choice)) ?? [];
  return (
    <Flex direction="column" gap="size-50">
      <TagGroup
        aria-label={label}
        items={items.filter((item) => item.value !== "")}
        renderEmptyState={() => <>{t("expressions.list.empty")}</>}
        onRemove={isReadOnly ? undefined : (keys) => onChange(without(values, keys, isNumeric))}
      >
        {(item) => <Item key={item.id}>{item.value}</Item>}
      </TagGroup>
      {!isReadOnly &&
        (choices !== null ? (
          <Picker
            aria-label={t("expressions.list.add")}
            placeholder={t("expressions.list.add")}
            isDisabled={left.length === 0}
            selectedKey={null}
            onSelectionChange={(key) => key !== null && add(String(key))}
            width="100%"
          >
            {left.map((choice) => (
              <Item key={choice}>{choice}</Item>
            ))}
          </Picker>
        ) : (
          <Flex gap="size-50">
            <TextField
              aria-label={t("expressions.list.add")}
              value={text}
              onChange={setText}
              validationState={isWrong ? "invalid" : undefined}
              onKeyDown={(event) => event.key === "Enter" && add(text.trim())}
              flex
              minWidth={0}
            />
            <ActionButton onPress={() => add(text.trim())} isDisabled={text.trim() === "" || isWrong}>
              <Add />
              <Text>{t("expressions.list.put")}</Text>
            </ActionButton>
          </Flex>
        ))}
    </Flex>
  );
}

function without(values: string[], keys: Iterable<Key>, isNumeric: boolean): string[] {
  const gone = new Set([...keys].map(Number));
  const left = values.filter((_, index) => !gone.has(index));
  if (left.length > 0) return left;
  return isNumeric ? values.slice(0, 1) : [""];
}
