/** A field of a new field group; dots in its path make objects. */
export interface NewField {
  id: number;
  path: string;
  title: string;
  type: FieldType;
  isList: boolean;
  isRequired: boolean;
  /** Values with commas between; none for any. */
  choices: string;
}

export const FIELD_TYPES = ["string", "integer", "number", "boolean", "date", "date-time"] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

interface Node {
  type: string;
  title?: string;
  format?: string;
  enum?: string[];
  items?: Node;
  properties?: Record<string, Node>;
  required?: string[];
}

/** What is wrong with the paths, by id of the field. */
export function pathFaults(fields: readonly NewField[]): Map<number, "name" | "twice" | "inside"> {
  const faults = new Map<number, "name" | "twice" | "inside">();
  for (const field of fields) {
    if (!/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/.test(field.path)) faults.set(field.id, "name");
    else if (fields.some((other) => other.id < field.id && other.path === field.path)) faults.set(field.id, "twice");
    else if (fields.some((other) => field.path.startsWith(`${other.path}.`))) faults.set(field.id, "inside");
  }
  return faults;
}

/** The document of a field group whose fields stand below the tenant's own name. */
export function fieldGroupOf(tenant: string, title: string, classId: string, fields: readonly NewField[]): unknown {
  const root: Node = { type: "object", properties: {} };
  for (const field of fields) {
    const steps = field.path.split(".");
    const name = steps.pop() ?? "";
    let place = root;
    for (const step of steps) {
      place.properties ??= {};
      place.properties[step] ??= { type: "object", title: step, properties: {} };
      place = place.properties[step];
    }
    place.properties ??= {};
    place.properties[name] = nodeOf(field, name);
    if (field.isRequired) place.required = [...(place.required ?? []), name];
  }
  return {
    type: "object",
    title,
    "meta:intendedToExtend": [classId],
    allOf: [{ $ref: "#/definitions/fields" }],
    definitions: { fields: { properties: { [`_${tenant}`]: root } } },
  };
}

function nodeOf(field: NewField, name: string): Node {
  const isDate = field.type === "date" || field.type === "date-time";
  const choices = field.choices.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));
  const title = field.title.trim() || name;
  const value: Node = {
    type: isDate ? "string" : field.type,
    ...(isDate ? { format: field.type } : {}),
    ...(choices.length > 0 && field.type === "string" ? { enum: choices } : {}),
  };
  return field.isList ? { type: "array", title, items: value } : { ...value, title };
}
