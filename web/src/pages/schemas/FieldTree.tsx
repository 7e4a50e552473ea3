import { ActionButton, Badge } from "@adobe/react-spectrum";
import Down from "@spectrum-icons/workflow/ChevronDown";
import Right from "@spectrum-icons/workflow/ChevronRight";
import { type ReactNode, useState } from "react";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import styles from "./FieldTable.module.css";
import { type Field, shownFields } from "./fields";
import type { IdentityDescriptor } from "./registry";

const MAX_SHOWN = 500;

interface Props {
  caption: string;
  fields: readonly Field[];
  search: string;
  /** Of this schema. */
  identities: readonly IdentityDescriptor[];
  /** What stands for the name. */
  name: (field: Field) => ReactNode;
  /** More of a field's properties. */
  tags?: (field: Field) => ReactNode;
  /** Shown in a column of its own, where given. */
  path?: (field: Field) => ReactNode;
}

/** A schema's fields as a tree whose branches open; a search shows what it finds. */
export function FieldTree({ caption, fields, search, identities, name, tags, path }: Props) {
  const t = useT();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const isSearching = search.trim() !== "";
  const toggle = (at: string) => {
    const next = new Set(opened);
    if (!next.delete(at)) next.add(at);
    setOpened(next);
  };
  const columns = [
    { id: "name", name: t("schemas.field"), isText: true },
    { id: "type", name: t("schemas.field.type"), isText: true },
    { id: "title", name: t("schemas.field.title"), isText: true },
    { id: "tags", name: t("schemas.field.tags"), isText: true },
  ];
  const cellsOf = (field: Field) => {
    const isOpen = isSearching || opened.has(field.path);
    const identity = identities.find((one) => one["xdm:sourceProperty"] === field.pointer);
    return {
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
          {name(field)}
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
          {tags?.(field)}
        </span>
      ),
      ...(path ? { path: path(field) } : {}),
    };
  };
  return (
    <FigureTable
      stacks
      caption={caption}
      columns={path ? [...columns, { id: "path", name: t("schemas.field.path"), isText: true }] : columns}
      rows={shownFields(fields, opened, search)
        .slice(0, MAX_SHOWN)
        .map((field) => ({ id: field.path, cells: cellsOf(field) }))}
    />
  );
}
