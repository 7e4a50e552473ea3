import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { DynamicValues } from "../fields/DynamicValues";
import { FieldRows } from "../fields/FieldRows";
import { ReferencePicker } from "../fields/ReferencePicker";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { useSchemaFields } from "../useSchemaFields";
import { textOf } from "../ways";
import { MAX_UPDATES, toUpdates, updatesOf } from "./updateProfile";

/** Which attributes of the profile become what. */
export function UpdateProfileForm(props: FormProps) {
  const { node, nodeId, document, onChange, isReadOnly } = props;
  const t = useT();
  const { dataSets } = useReferences();
  const offered = dataSets.filter((one) => one.isOfProfiles);
  const dataSet = offered.find((one) => one.id === node.dataSetId);
  const { fields, error } = useSchemaFields(dataSet?.schemaRef?.id);
  return (
    <Stack>
      <ReferencePicker
        label={t("activities.updateProfile.dataSet")}
        list="dataSets"
        choices={offered.map(({ id, name }) => ({ id, name }))}
        value={textOf(node.dataSetId)}
        onChange={(dataSetId) => onChange(withMembers(node, { dataSetId }))}
        isReadOnly={isReadOnly}
        href="/datasets"
        openHref={dataSet && `/datasets/${dataSet.id}`}
      />
      {error !== null && <ErrorNotice error={error} />}
      {dataSet !== undefined && (
        <FieldRows
          title={t("activities.updateProfile.updates")}
          rootTitle={dataSet.name}
          rows={updatesOf(node)}
          fields={fields}
          onChange={(rows) => onChange(withMembers(node, { updates: toUpdates(rows) }))}
          place={{ document, nodeId }}
          isReadOnly={isReadOnly}
          most={MAX_UPDATES}
        />
      )}
      <Note>{t("activities.updateProfile.help")}</Note>
      <DynamicValues {...props} />
    </Stack>
  );
}
