import { DialogContainer, SearchField } from "@adobe/react-spectrum";
import { useMemo, useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CopyButton } from "@/ui/CopyButton";
import { FieldLabels } from "./FieldLabels";
import styles from "./FieldTable.module.css";
import { FieldTree } from "./FieldTree";
import { type Field, fieldsOf } from "./fields";
import { LabelDialog } from "./LabelDialog";
import { labelsOf } from "./labels";
import type { IdentityDescriptor, LabelDescriptor, Resource } from "./registry";

interface Props {
  /** Resolved. */
  schema: Resource;
  /** Of every schema. */
  labels: readonly LabelDescriptor[];
  identities: readonly IdentityDescriptor[];
  search: string;
  onSearch: (text: string) => void;
}

/** The tree of a schema's fields. */
export function FieldTable({ schema, labels, identities, search, onSearch }: Props) {
  const t = useT();
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [labelled, setLabelled] = useState<Field | null>(null);
  const mayLabel = [useMay("schemas.write"), useMay("usage_labels.write")].every(Boolean);
  const labelsFor = (field: Field) => labelsOf(field.pointer, schema.$id, schema["meta:extends"] ?? [], labels);
  return (
    <>
      <SearchField
        label={t("schemas.fields.search")}
        value={search}
        onChange={onSearch}
        width="size-3400"
        marginY="size-150"
      />
      <FieldTree
        caption={t("schemas.tab.fields")}
        fields={fields}
        search={search}
        identities={identities}
        name={(field) => field.name}
        tags={(field) => (
          <>
            {field.choices.length > 0 && (
              <span title={field.choices.join(", ")}>
                {t("schemas.field.values", {
                  count: field.choices.length,
                  values: field.choices.slice(0, 4).join(", "),
                })}
              </span>
            )}
            <FieldLabels field={field} labels={labelsFor(field)} onEdit={mayLabel ? setLabelled : undefined} />
          </>
        )}
        path={(field) => (
          <span className={styles.path}>
            {field.path}
            <CopyButton text={field.path} />
          </span>
        )}
      />
      <DialogContainer onDismiss={() => setLabelled(null)}>
        {labelled !== null && (
          <LabelDialog
            schemaId={schema.$id}
            field={labelled}
            labels={labelsFor(labelled)}
            onClose={() => setLabelled(null)}
          />
        )}
      </DialogContainer>
    </>
  );
}
