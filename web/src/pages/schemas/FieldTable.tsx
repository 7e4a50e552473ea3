import { ActionButton, Badge, SearchField } from "@adobe/react-spectrum";
import Down from "@spectrum-icons/workflow/ChevronDown";
import Right from "@spectrum-icons/workflow/ChevronRight";
import { useMemo, useState } from "react";
import { useT } from "@/i18n/useT";
import { CopyButton } from "@/ui/CopyButton";
import { FigureTable } from "@/ui/FigureTable";
import styles from "./FieldTable.module.css";
import { fieldsOf, shownFields } from "./fields";
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
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const isSearching = search.trim() !== "";
  const toggle = (path: string) => {
    const next = new Set(opened);
    if (!next.delete(path)) next.add(path);
    setOpened(next);
  };
  return (
    <>
      <SearchField
        label={t("schemas.fields.search")}
        value={search}
        onChange={onSearch}
        width="size-3400"
        marginY="size-150"
      />
      <FigureTable
        caption={t("schemas.tab.fields")}
        columns={[
          { id: "name", name: t("schemas.field"), isText: true },
          { id: "type", name: t("schemas.field.type"), isText: true },
          { id: "title", name: t("schemas.field.title"), isText: true },
          { id: "tags", name: t("schemas.field.tags"), isText: true },
          { id: "path", name: t("schemas.field.path"), isText: true },
        ]}
        rows={shownFields(fields, opened, search)
          .slice(0, 500)
          .map((field) => {
            const isOpen = isSearching || opened.has(field.path);
            const identity = identities.find((one) => one["xdm:sourceProperty"] === field.pointer);
            return {
              id: field.path,
              cells: {
                name: (
                  <span className={styles.name} style={{ paddingInlineStart: field.depth * 16 }}>
                    {field.hasFields ? (
                      <ActionButton
                        isQuiet
                        isDisabled={isSearching}
                        aria-expanded={isOpen}
                        aria-label={t("schemas.field.open", { name: field.name })}
                        onPress={() => toggle(field.path)}
                      >
                        {isOpen ? <Down size="S" /> : <Right size="S" />}
                      </ActionButton>
                    ) : (
                      <span className={styles.leaf} />
                    )}
                    {field.name}
                  </span>
                ),
                type: field.type,
                title: <span title={field.description}>{field.title}</span>,
                tags: (
                  <span className={styles.tags}>
                    {field.isRequired && <Badge variant="neutral">{t("schemas.required")}</Badge>}
                    {identity && (
                      <Badge variant="info">
                        {t(identity["xdm:isPrimary"] ? "schemas.identity.primaryOf" : "schemas.identity.of", {
                          namespace: identity["xdm:namespace"],
                        })}
                      </Badge>
                    )}
                    {field.choices.length > 0 && (
                      <span title={field.choices.join(", ")}>
                        {t("schemas.field.values", {
                          count: field.choices.length,
                          values: field.choices.slice(0, 4).join(", "),
                        })}
                      </span>
                    )}
                  </span>
                ),
                path: (
                  <span className={styles.path}>
                    {field.path}
                    <CopyButton text={field.path} />
                  </span>
                ),
              },
            };
          })}
      />
    </>
  );
}
