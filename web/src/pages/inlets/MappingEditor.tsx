import { ActionButton, ComboBox, Flex, Item, Text, View } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useT } from "@/i18n/useT";
import { fieldsOf } from "@/pages/schemas/fields";
import { resolvedQuery } from "@/pages/schemas/registry";
import { Code } from "@/ui/Code";
import { CodeArea } from "@/ui/CodeArea";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useSearchText } from "@/ui/useSearchText";
import { type MappingRow, preview, sourcePaths } from "./flows";

interface Props {
  schemaId: string;
  altId: string;
  rows: readonly MappingRow[];
  onChange: (rows: MappingRow[]) => void;
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What fields of the schema are made of, and what comes of a sample. */
export function MappingEditor({ schemaId, altId, rows, onChange }: Props) {
  const t = useT();
  const schema = useQuery(resolvedQuery(altId));
  const fields = useMemo(() => fieldsOf(schema.data).filter((field) => !field.hasFields), [schema.data]);
  const [taken, setTaken] = useState("{}");
  const [text, setText] = useSearchText(taken, setTaken);
  const sample = read(taken);
  const isValid = typeof sample === "object" && sample !== null && !Array.isArray(sample);
  const sources = sourcePaths(sample).map((path) => ({ path }));
  const shown = useQuery({
    queryKey: ["inlets", "preview", schemaId, rows, taken],
    queryFn: ({ signal }) => preview(schemaId, rows, sample, signal),
    enabled: isValid && rows.some((row) => row.source.trim() !== "" && row.destination !== ""),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const set = (id: number, changed: Partial<MappingRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...changed } : row)));
  return (
    <View width="100%">
      <CodeArea
        label={t("inlets.sample")}
        value={text}
        onChange={setText}
        validationState={isValid ? undefined : "invalid"}
        errorMessage={t("inlets.sample.invalid")}
      />
      {rows.map((row) => (
        <Flex key={row.id} wrap gap="size-150" alignItems="end" marginTop="size-100">
          <ComboBox
            label={t("inlets.source")}
            allowsCustomValue
            defaultItems={sources}
            inputValue={row.source}
            onInputChange={(source) => set(row.id, { source })}
            width="size-3600"
          >
            {(one) => <Item key={one.path}>{one.path}</Item>}
          </ComboBox>
          <ComboBox
            label={t("inlets.destination")}
            defaultItems={fields}
            selectedKey={row.destination || null}
            onSelectionChange={(key) => set(row.id, { destination: key === null ? "" : String(key) })}
            width="size-3600"
          >
            {(field) => <Item key={field.path}>{field.path}</Item>}
          </ComboBox>
          <ActionButton
            isQuiet
            aria-label={t("inlets.mapping.remove", { name: row.destination })}
            onPress={() => onChange(rows.filter((other) => other.id !== row.id))}
          >
            <Delete />
          </ActionButton>
        </Flex>
      ))}
      <ActionButton
        marginTop="size-100"
        onPress={() =>
          onChange([...rows, { id: Math.max(0, ...rows.map((row) => row.id)) + 1, source: "", destination: "" }])
        }
      >
        <Add />
        <Text>{t("inlets.mapping.add")}</Text>
      </ActionButton>
      {shown.error && <ErrorNotice error={shown.error} />}
      {shown.data && <Code label={t("inlets.preview")} value={shown.data} />}
    </View>
  );
}
