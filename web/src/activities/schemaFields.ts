import type { ExpressionType, ScopeField } from "@/expressions/scope";
import { objectOf } from "./members";

/** A field of a schema: its place as a JSON pointer, beside what the tree of fields shows. */
export interface SchemaField extends ScopeField {
  pointer: string;
}

const MAX_FIELDS = 3_000;
const MAX_DEPTH = 12;

/** The fields of a resolved schema (`application/vnd.adobe.xed-full+json`), by path, objects among them. */
export function schemaFields(schema: unknown): SchemaField[] {
  const fields: SchemaField[] = [];
  const visit = (node: unknown, path: string[], isInList: boolean) => {
    for (const [name, child] of Object.entries(objectOf(objectOf(node).properties))) {
      if (fields.length === MAX_FIELDS || path.length === MAX_DEPTH) return;
      const below = [...path, name];
      const type = typeOf(child, isInList);
      const { title, enum: choices } = objectOf(child);
      fields.push({
        path: below.join("."),
        pointer: `/${below.map(escaped).join("/")}`,
        expression: below.join("."),
        type,
        title: typeof title === "string" ? title : name,
        enum: Array.isArray(choices) ? choices : null,
        isCollection: type.startsWith("list"),
      });
      const items = objectOf(objectOf(child).items);
      const isList = objectOf(child).type === "array";
      visit(isList ? items : child, below, isInList || isList);
    }
  };
  visit(schema, [], false);
  return fields;
}

const escaped = (name: string) => name.replace(/~/g, "~0").replace(/\//g, "~1");

/** A path as the tree shows it of a JSON pointer. */
export function pathOf(pointer: string): string {
  const steps = pointer.split("/").slice(1);
  return steps.map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~")).join(".");
}

const SCALARS: Record<string, ExpressionType> = {
  string: "string",
  integer: "integer",
  number: "decimal",
  boolean: "boolean",
};

function typeOf(node: unknown, isInList: boolean): ExpressionType {
  const { type, format, items, additionalProperties, properties } = objectOf(node);
  if (type === "array") {
    const element = typeOf(items, false);
    return element === "object" || element === "map" ? "listObject" : listOf(element);
  }
  if (type === "object" || properties !== undefined) {
    return additionalProperties !== undefined && properties === undefined ? "map" : "object";
  }
  const named = typeof type === "string" ? SCALARS[type] : undefined;
  const scalar = format === "date-time" ? "dateTime" : format === "date" ? "dateOnly" : (named ?? "any");
  return isInList ? listOf(scalar) : scalar;
}

const listOf = (type: ExpressionType): ExpressionType =>
  type === "any" || type.startsWith("list") ? "listAny" : `list${type.charAt(0).toUpperCase()}${type.slice(1)}`;
