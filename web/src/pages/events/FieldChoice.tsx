import { ActionButton, Badge, Checkbox, SearchField } from "@adobe/react-spectrum";
import Down from "@spectrum-icons/workflow/ChevronDown";
import Right from "@spectrum-icons/workflow/ChevronRight";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import styles from "@/pages/schemas/FieldTable.module.css";
import { fieldsOf, shownFields } from "@/pages/schemas/fields";
import { identitiesQuery, resolvedQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { shareOf, withField } from "./chosenFields";

interface Props {
  schemaId: string;
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  /** Of an event in use: these can't be taken away. */
  fixed: readonly string[];
  isReadOnly: boolean;
  fault: string | undefined;
}

const MAX_SHOWN = 500;

/** The tree of a schema's fields, to choose those that journeys see. */
export function FieldChoice({ schemaId, chosen, onChange, fixed, isReadOnly, fault }: Props) {
  const t = useT();
  const schema = useQuery(resolvedQuery(schemaId));
  const identities = useQuery(identitiesQuery);
  const fields = useMemo(() => fieldsOf(schema.data), [schema.data]);
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const isSearching = search.trim() !== "";
  const toggle = (path: string) => {
    const next = new Set(opened);
    if (!next.delete(path)) next.add(path);
    setOpened(next);
  };
  if (schema.error) return <ErrorNotice error={schema.error} onRetry={() => void schema.refetch()} />;
  if (schema.isPending) return <Loading />;
  return (
    <Part title={t("events.part.fields")}>
      <Note>{t("events.form.fields.detail")}</Note>
      <SearchField label={t("schemas.fields.search")} value={search} onChange={setSearch} width="size-3400" />
      {fault !== undefined && <strong role="alert">{fault}</strong>}
      <span aria-live="polite">{t("events.form.fields.count", { count: chosen.length })}</span>
      <FigureTable
        caption={t("events.part.fields")}
        columns={[
          { id: "name", name: t("schemas.field"), isText: true },
          { id: "type", name: t("schemas.field.type"), isText: true },
          { id: "title", name: t("schemas.field.title"), isText: true },
          { id: "tags", name: t("schemas.field.tags"), isText: true },
        ]}
        rows={shownFields(fields, opened, search)
          .slice(0, MAX_SHOWN)
          .map((field) => {
            const isOpen = isSearching || opened.has(field.path);
            const share = shareOf(fields, chosen, field);
            const identity = identities.data?.find(
              (one) => one["xdm:sourceSchema"] === schemaId && one["xdm:sourceProperty"] === field.pointer,
            );
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
                    <Checkbox
                      isSelected={share === "all"}
                      isIndeterminate={share === "some"}
                      isDisabled={isReadOnly || (share === "all" && shareOf(fields, fixed, field) !== "none")}
                      onChange={(isWanted) => onChange(withField(fields, chosen, field, isWanted))}
                    >
                      {field.name}
                    </Checkbox>
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
                  </span>
                ),
              },
            };
          })}
      />
    </Part>
  );
}
