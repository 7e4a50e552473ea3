import type { Operator, Row, Value } from "./rows";
import { type ExpressionType, isList, isNumeric, type ScopeField } from "./scope";

const PRESENCE: Operator[] = ["isNull", "isNotNull"];
const ORDER: Operator[] = ["equal", "notEqual", "greater", "greaterOrEqual", "less", "lessOrEqual"];
const TEXT: Operator[] = [
  "equal",
  "notEqual",
  "in",
  "notIn",
  "contain",
  "notContain",
  "startWith",
  "endWith",
  "matchRegExp",
  "isEmpty",
  "isNotEmpty",
];

/** The operators that the builder offers for a field of a type; texts have no order, nor have days. */
export function operatorsOf(type: ExpressionType, isEnumeration = false): Operator[] {
  if (type === "string") {
    return [...(isEnumeration ? (["equal", "notEqual", "in", "notIn"] as Operator[]) : TEXT), ...PRESENCE];
  }
  if (isNumeric(type)) return [...ORDER, "in", "notIn", ...PRESENCE];
  if (type === "boolean") return ["equal", "notEqual", ...PRESENCE];
  if (type === "dateTime") return ["greater", "greaterOrEqual", "less", "lessOrEqual", "inLast", "inNext", ...PRESENCE];
  if (type === "dateTimeOnly") return [...ORDER, ...PRESENCE];
  if (type === "dateOnly") return ["equal", "notEqual", ...PRESENCE];
  if (type === "listString" || type === "listInteger" || type === "listDecimal") {
    return ["holds", "holdsNot", "listEmpty", "listNotEmpty", ...PRESENCE];
  }
  if (isList(type)) return ["listEmpty", "listNotEmpty", ...PRESENCE];
  if (type === "any") return [...TEXT, "greater", "greaterOrEqual", "less", "lessOrEqual", ...PRESENCE];
  return PRESENCE;
}

/** The operators of a row: those of its field, and the one it has, whatever its field is. */
export function operatorsOfRow(row: Row, field: ScopeField | null): Operator[] {
  if (row.field === "") return ["inAudience", "notInAudience"];
  const offered = operatorsOf(field?.type ?? "any", field?.enum != null);
  return offered.includes(row.operator) ? offered : [row.operator, ...offered];
}

/** The kind of value that goes with an operator on a field of a type. */
export function valueTypeOf(operator: Operator, type: ExpressionType): Value["type"] {
  switch (operator) {
    case "isNull":
    case "isNotNull":
    case "isEmpty":
    case "isNotEmpty":
    case "listEmpty":
    case "listNotEmpty":
      return "none";
    case "inLast":
    case "inNext":
      return "span";
    case "in":
    case "notIn":
      return isNumeric(type) ? "numbers" : "texts";
    case "holds":
    case "holdsNot":
      return type === "listString" || type === "any" ? "text" : "number";
    default:
      if (isNumeric(type)) return "number";
      if (type === "boolean") return "boolean";
      return type === "dateTime" || type === "dateTimeOnly" || type === "dateOnly" ? "date" : "text";
  }
}

/** A new row over a field, complete from the start. `today` is a day as `2026-01-31`. */
export function newRow(field: ScopeField, today: string): Row {
  const operator = operatorsOf(field.type, field.enum !== null)[0] ?? "isNotNull";
  return { kind: "row", field: field.expression, operator, value: newValue(operator, field, today) };
}

/** A row of the individual's audiences. */
export function audienceRow(name: string): Row {
  return { kind: "row", field: "", operator: "inAudience", value: { type: "text", text: name } };
}

function newValue(operator: Operator, field: ScopeField, today: string): Value {
  const first = field.enum?.[0];
  switch (valueTypeOf(operator, field.type)) {
    case "text":
      return { type: "text", text: typeof first === "string" ? first : "" };
    case "number":
      return { type: "number", text: typeof first === "number" ? String(first) : zeroOf(field.type) };
    case "boolean":
      return { type: "boolean", value: true };
    case "date":
      return { type: "date", text: dateOf(field.type, today) };
    case "texts":
      return { type: "texts", texts: typeof first === "string" ? [first] : [""] };
    case "numbers":
      return { type: "numbers", texts: [zeroOf(field.type)] };
    case "span":
      return { type: "span", count: 7, unit: "days" };
    default:
      return { type: "none" };
  }
}

const zeroOf = (type: ExpressionType) => (type === "decimal" || type === "listDecimal" ? "0.0" : "0");

function dateOf(type: ExpressionType, today: string): string {
  if (type === "dateOnly") return today;
  return type === "dateTimeOnly" ? `${today}T00:00:00` : `${today}T00:00:00Z`;
}

/** The row with another operator; its value stays where it is of the kind that is needed, or can become it. */
export function withOperator(row: Row, operator: Operator, field: ScopeField, today: string): Row {
  const needed = valueTypeOf(operator, field.type);
  const { ignoreCase, ...plain } = row;
  const kept = ignoreCase === true && needed === "text" && operator !== "matchRegExp" ? { ignoreCase } : {};
  return { ...plain, operator, value: become(row.value, needed) ?? newValue(operator, field, today), ...kept };
}

function become(value: Value, needed: Value["type"]): Value | null {
  if (value.type === needed) return value;
  if (value.type === "text" && needed === "texts") return { type: "texts", texts: [value.text] };
  if (value.type === "texts" && needed === "text") return { type: "text", text: value.texts[0] ?? "" };
  if (value.type === "number" && needed === "numbers") return { type: "numbers", texts: [value.text] };
  if (value.type === "numbers" && needed === "number") return { type: "number", text: value.texts[0] ?? "0" };
  return null;
}

/** A number as a literal of the language, for a field of a type; it has no exponents. */
export function numberText(value: number, type: ExpressionType): string {
  const text = value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 });
  const isDecimal = type === "decimal" || type === "listDecimal";
  return isDecimal && !text.includes(".") ? `${text}.0` : text;
}
