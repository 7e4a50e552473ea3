import { Badge, Checkbox, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { FieldTree } from "@/pages/schemas/FieldTree";
import { fieldsOf } from "@/pages/schemas/fields";
import { identitiesQuery, resolvedQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { shareOf, withField } from "./chosenFields";
import { relatedQuery } from "./events";
import { withRelated } from "./relatedFields";

interface Props {
  schemaId: string;
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  /** Of an event in use: these can't be taken away. */
  fixed: readonly string[];
  isReadOnly: boolean;
  fault: string | undefined;
}

/** The tree of a schema's fields, to choose those that journeys see. */
export function FieldChoice({ schemaId, chosen, onChange, fixed, isReadOnly, fault }: Props) {
  const t = useT();
  const schema = useQuery(resolvedQuery(schemaId));
  const identities = useQuery(identitiesQuery);
  const related = useQuery(relatedQuery(schemaId));
  const fields = useMemo(() => withRelated(fieldsOf(schema.data), related.data ?? []), [schema.data, related.data]);
  const [search, setSearch] = useState("");
  if (schema.error) return <ErrorNotice error={schema.error} onRetry={() => void schema.refetch()} />;
  if (related.error) return <ErrorNotice error={related.error} onRetry={() => void related.refetch()} />;
  if (schema.isPending || related.isPending) return <Loading />;
  return (
    <Part title={t("events.part.fields")}>
      <Note>{t("events.form.fields.detail")}</Note>
      <SearchField label={t("schemas.fields.search")} value={search} onChange={setSearch} width="size-3400" />
      {fault !== undefined && <strong role="alert">{fault}</strong>}
      <span aria-live="polite">{t("events.form.fields.count", { count: chosen.length })}</span>
      <FieldTree
        caption={t("events.part.fields")}
        fields={fields}
        search={search}
        identities={(identities.data ?? []).filter((one) => one["xdm:sourceSchema"] === schemaId)}
        tags={(field) => {
          const link = related.data.find((one) => one.at === field.pointer);
          return link && <Badge variant="neutral">{t("events.form.related", { title: link.schema.title })}</Badge>;
        }}
        name={(field) => {
          const share = shareOf(fields, chosen, field);
          return (
            <Checkbox
              isSelected={share === "all"}
              isIndeterminate={share === "some"}
              isDisabled={isReadOnly || (share === "all" && shareOf(fields, fixed, field) !== "none")}
              onChange={(isWanted) => onChange(withField(fields, chosen, field, isWanted))}
            >
              {field.name}
            </Checkbox>
          );
        }}
      />
    </Part>
  );
}
