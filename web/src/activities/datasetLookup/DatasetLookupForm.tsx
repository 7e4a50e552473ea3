import { Item, TagGroup } from "@adobe/react-spectrum";
import { useMemo } from "react";
import { ExpressionField } from "@/expressions/ExpressionField";
import { FieldPicker } from "@/expressions/FieldPicker";
import type { ScopeRoot } from "@/expressions/scope";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { DynamicValues } from "../fields/DynamicValues";
import { ReferencePicker } from "../fields/ReferencePicker";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { textsOf, withMembers } from "../members";
import { useReferences } from "../useReferences";
import { useSchemaFields } from "../useSchemaFields";
import { textOf } from "../ways";
import { MAX_FIELDS, nameOf } from "./datasetLookup";
import { EnableLookup } from "./EnableLookup";

/** Rows of which data set, by which keys, and what of them. */
export function DatasetLookupForm(props: FormProps) {
  const { node, nodeId, document, onChange, isReadOnly } = props;
  const t = useT();
  const { dataSets } = useReferences();
  const offered = dataSets.filter((one) => one.isLookup);
  const dataSet = offered.find((one) => one.id === node.dataSetId);
  const { fields, error } = useSchemaFields(dataSet?.schemaRef?.id);
  const unfit = dataSets.find((one) => one.id === node.dataSetId && !one.isLookup);
  const wanted = textsOf(node.fields);
  const set = (changes: Record<string, unknown>) => onChange(withMembers(node, changes));
  const setFields = (next: string[]) => set({ fields: next.length === 0 ? undefined : next });
  const title = dataSet?.name ?? "";
  const roots = useMemo(
    (): ScopeRoot[] => [{ reference: `{${title}`, kind: "datasetLookup", title, fields }],
    [title, fields],
  );
  const pointerOf = new Map(fields.map((field) => [field.path, field.pointer]));
  return (
    <Stack>
      <ReferencePicker
        label={t("activities.datasetLookup.dataSet")}
        list="dataSets"
        choices={offered.map(({ id, name }) => ({ id, name }))}
        value={textOf(node.dataSetId)}
        onChange={(dataSetId) => set({ dataSetId, fields: undefined })}
        isReadOnly={isReadOnly}
        href="/datasets"
        unfit={
          unfit && {
            name: unfit.name,
            problem: t("activities.datasetLookup.notEnabled", { name: unfit.name }),
            mend: <EnableLookup id={unfit.id} name={unfit.name} />,
          }
        }
        openHref={dataSet && `/datasets/${dataSet.id}`}
      />
      <ExpressionField
        label={t("activities.datasetLookup.keys")}
        description={t("activities.datasetLookup.keys.help")}
        value={textOf(node.keys)}
        onChange={(keys) => set({ keys })}
        place={{ document, nodeId }}
        expects={null}
        isReadOnly={isReadOnly}
        isRequired
      />
      {error !== null && <ErrorNotice error={error} />}
      {dataSet !== undefined && (
        <div>
          <TagGroup
            label={t("activities.datasetLookup.fields")}
            items={wanted.map((pointer) => ({ id: pointer }))}
            renderEmptyState={() => <>{t("activities.datasetLookup.all")}</>}
            onRemove={isReadOnly ? undefined : (keys) => setFields(wanted.filter((pointer) => !keys.has(pointer)))}
          >
            {(item) => <Item key={item.id}>{item.id}</Item>}
          </TagGroup>
          {!isReadOnly && (
            <FieldPicker
              label={t("activities.field.add")}
              roots={roots}
              isDisabled={wanted.length >= MAX_FIELDS}
              accepts={(field) => !wanted.includes(pointerOf.get(field.path) ?? "")}
              onPick={(field) => setFields([...wanted, pointerOf.get(field.path) ?? ""])}
            />
          )}
        </div>
      )}
      <Note>
        {t("activities.datasetLookup.read", { reference: `@datasetLookup{${nameOf(node, nodeId)}.entities}` })}
      </Note>
      <DynamicValues {...props} />
    </Stack>
  );
}
