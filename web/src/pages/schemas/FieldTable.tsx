import { SearchField } from "@adobe/react-spectrum";
import { useMemo } from "react";
import { useT } from "@/i18n/useT";
import { CopyButton } from "@/ui/CopyButton";
import styles from "./FieldTable.module.css";
import { FieldTree } from "./FieldTree";
import { fieldsOf } from "./fields";
import type { IdentityDescriptor } from "./registry";

interface Props {
  /** Resolved. */
  schema: unknown;
  identities: readonly IdentityDescriptor[];
  search: string;
  onSearch: (text: string) => void;
}

/** The tree of a schema's fields. */
export function FieldTable({ schema, identities, search, onSearch }: Props) {
  const t = useT();
  const fields = useMemo(() => fieldsOf(schema), [schema]);
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
        tags={(field) =>
          field.choices.length > 0 && (
            <span title={field.choices.join(", ")}>
              {t("schemas.field.values", {
                count: field.choices.length,
                values: field.choices.slice(0, 4).join(", "),
              })}
            </span>
          )
        }
        path={(field) => (
          <span className={styles.path}>
            {field.path}
            <CopyButton text={field.path} />
          </span>
        )}
      />
    </>
  );
}
