import { Item, Picker } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { Note } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { type RelatedRows, relatedQuery } from "./events";
import { dotted, readOf, toSource, withSource } from "./relatedFields";

interface Props {
  schemaId: string;
  /** Chosen ones. */
  fields: readonly string[];
  value: readonly RelatedRows[];
  onChange: (value: RelatedRows[]) => void;
  isReadOnly: boolean;
  /** Of an event in use: fields whose rows are read from where they are now. */
  fixed: readonly string[];
  fault: string | undefined;
}

/** Where rows of related schemas are read, wherever that isn't the one data set there is. */
export function RelatedSources({ schemaId, fields, value, onChange, isReadOnly, fixed, fault }: Props) {
  const t = useT();
  const { data } = useQuery(relatedQuery(schemaId));
  const links = toSource(data ?? [], fields, value);
  return (
    <>
      {links.map(({ property, key, at, schema, dataSets }) => {
        const words = { title: schema.title, property: dotted(property), key: dotted(key) };
        if (dataSets.length === 0) return <Note key={at}>{t("events.form.related.none", words)}</Note>;
        return (
          <Picker
            key={at}
            label={t("events.form.related.rows", words)}
            description={t("events.form.related.rows.detail", words)}
            items={dataSets}
            selectedKey={value.find((one) => one.property === property)?.datasetId ?? null}
            onSelectionChange={(chosen) => onChange(withSource(value, property, String(chosen)))}
            isDisabled={isReadOnly || readOf([{ at }], fixed).length > 0}
            width="size-4600"
            maxWidth="100%"
          >
            {(item) => <Item>{item.name}</Item>}
          </Picker>
        );
      })}
      {fault !== undefined && <strong role="alert">{fault}</strong>}
    </>
  );
}
