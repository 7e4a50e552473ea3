import { type Field, fieldsOf } from "@/pages/schemas/fields";
import type { RelatedRows, RelatedSchema } from "./events";

/** The fields of a schema with those of related schemas, each below a field that follows the one that names it. */
export function withRelated(fields: readonly Field[], related: readonly RelatedSchema[]): Field[] {
  return fields.flatMap((field) => {
    const link = related.find((one) => one.property === field.pointer);
    if (link === undefined) return [field];
    const name = link.at.slice(link.at.lastIndexOf("/") + 1);
    const path = [...field.path.split(".").slice(0, -1), name].join(".");
    const row: Field = {
      ...field,
      path,
      pointer: link.at,
      name,
      title: link.schema.title,
      description: "",
      type: "object",
      isRequired: false,
      hasFields: true,
      choices: [],
    };
    const inner = fieldsOf(link.document).map((one) => ({
      ...one,
      path: `${path}.${one.path}`,
      pointer: `${link.at}${one.pointer}`,
      depth: field.depth + 1 + one.depth,
      isRequired: false,
    }));
    return [field, row, ...inner];
  });
}

/** A field as expressions write it. */
export const dotted = (pointer: string) => pointer.slice(1).replaceAll("/", ".");

/** The related schemas of which fields are chosen. */
export function readOf<T extends Pick<RelatedSchema, "at">>(related: readonly T[], chosen: readonly string[]): T[] {
  return related.filter(({ at }) => chosen.some((field) => field === at || field.startsWith(`${at}/`)));
}

/** Those that must be told where their records are: there is no data set, or several, or one is named. */
export function toSource(
  related: readonly RelatedSchema[],
  chosen: readonly string[],
  named: readonly RelatedRows[],
): RelatedSchema[] {
  return readOf(related, chosen).filter(
    ({ property, dataSets }) => dataSets.length !== 1 || named.some((one) => one.property === property),
  );
}

/** The named data sets with that of one linking field. */
export function withSource(named: readonly RelatedRows[], property: string, datasetId: string): RelatedRows[] {
  return [...named.filter((one) => one.property !== property), { property, datasetId }];
}
