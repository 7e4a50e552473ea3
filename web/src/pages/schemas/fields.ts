import { objectOf } from "@/activities/members";

/** A field of a resolved schema, objects before what is in them. */
export interface Field {
  path: string;
  pointer: string;
  name: string;
  title: string;
  description: string;
  type: string;
  depth: number;
  isRequired: boolean;
  hasFields: boolean;
  choices: readonly string[];
}

const MAX_DEPTH = 12;

/** Every field of a schema that is resolved (`xed-full`), in the order of the schema. */
export function fieldsOf(schema: unknown): Field[] {
  const found: Field[] = [];
  const visit = (node: unknown, path: readonly string[], pointer: string) => {
    const required = objectOf(node).required;
    for (const [name, child] of Object.entries(objectOf(objectOf(node).properties))) {
      const { type, title, description, items, "meta:xdmType": xdmType, enum: choices } = objectOf(child);
      const isList = type === "array";
      const inner = isList ? objectOf(items) : objectOf(child);
      const below = `${pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
      const kind = String((isList ? (inner["meta:xdmType"] ?? inner.type) : (xdmType ?? type)) ?? "object");
      const hasFields = path.length < MAX_DEPTH && Object.keys(objectOf(inner.properties)).length > 0;
      found.push({
        path: [...path, name].join("."),
        pointer: below,
        name,
        title: typeof title === "string" ? title : name,
        description: typeof description === "string" ? description : "",
        type: isList ? `${kind}[]` : kind,
        depth: path.length,
        isRequired: Array.isArray(required) && required.includes(name),
        hasFields,
        choices: Array.isArray(choices) ? choices.map(String) : Object.keys(objectOf(inner["meta:enum"])),
      });
      if (hasFields) visit(inner, [...path, name], below);
    }
  };
  visit(schema, [], "");
  return found;
}

/** The fields to show: below opened ones; with a search those that match, and the objects they are in. */
export function shownFields(fields: readonly Field[], opened: ReadonlySet<string>, search: string): Field[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") {
    return fields.filter((field) => parentsOf(field.path).every((parent) => opened.has(parent)));
  }
  const kept = new Set<string>();
  for (const field of fields) {
    if (!`${field.path} ${field.title}`.toLowerCase().includes(wanted)) continue;
    for (const path of [field.path, ...parentsOf(field.path)]) kept.add(path);
  }
  return fields.filter((field) => kept.has(field.path));
}

function parentsOf(path: string): string[] {
  const steps = path.split(".");
  return steps.slice(1).map((_, i) => steps.slice(0, i + 1).join("."));
}
