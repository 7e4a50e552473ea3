import type { JourneyDocument, NodeId } from "@/flow/document";

/** The type of an expression or a field (docs/reference/expressions.md). */
export type ExpressionType =
  | "string"
  | "integer"
  | "decimal"
  | "number"
  | "boolean"
  | "dateOnly"
  | "dateTimeOnly"
  | "dateTime"
  | "duration"
  | "listObject"
  | "listAny"
  | "object"
  | "map"
  | "null"
  | "any"
  | `list${string}`;

/** One field that expressions may read. */
export interface ScopeField {
  /** From the root, such as `_acme.order.total`. */
  path: string;
  /** As it is written in an expression. */
  expression: string;
  type: ExpressionType;
  title: string;
  enum: unknown[] | null;
  isCollection: boolean;
}

export type RootKind = "event" | "profile" | "dataSource" | "action" | "journeyProperties" | "datasetLookup";

/** What fields hang on: an event, the profile, an answer. */
export interface ScopeRoot {
  /** How a reference to it begins, such as `@event{Order`. */
  reference: string;
  kind: RootKind;
  title: string;
  fields: ScopeField[];
  /** Nothing is known of its fields: any may be written. */
  isOpen?: boolean;
  /** It has more fields than are told. */
  isCut?: boolean;
  /** Names of the values an external data source is asked with. */
  dynamicValues?: string[];
}

/** One signature of a function. */
export interface FunctionHelp {
  name: string;
  signature: string;
  type: string;
  summary: string;
  category: string;
}

/** What expressions at a place may read and call (`POST …/expressions/scope`). */
export interface Scope {
  roots: ScopeRoot[];
  functions: FunctionHelp[];
}

/** What is wrong with an expression; `position` counts characters, not UTF-16 units, from 0. */
export interface ExpressionFault {
  code: string;
  message: string;
  severity?: "error" | "warning";
  position: number | null;
  line: number | null;
  column: number | null;
  nearest: string | null;
  candidates?: string[];
}

export interface Checked {
  type: ExpressionType | null;
  faults: ExpressionFault[];
}

/** Where an expression stands. */
export type Place =
  | { document: JourneyDocument; nodeId: NodeId }
  /** An exit criterion: it reads the payload of that event. */
  | { eventUid: string }
  /** The condition or identifier of an event configuration that need not be saved. */
  | { event: object }
  /** The filter of a pause, which reads the profile. */
  | Record<string, never>;

export const EMPTY_SCOPE: Scope = { roots: [], functions: [] };

/** Every field of a scope. */
export function fieldsOf(scope: Scope): ScopeField[] {
  return scope.roots.flatMap((root) => root.fields);
}

/** The field that a reference reads, whatever quotes and spaces it is written with; null when it is none of the scope's. */
export function fieldOf(scope: Scope, reference: string): ScopeField | null {
  const wanted = canonical(reference);
  for (const root of scope.roots) {
    if (!wanted.startsWith(canonicalRoot(root.reference))) continue;
    const found = root.fields.find((field) => canonical(field.expression) === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

/** A reference in the one way that the scope writes it: the older `@{…}` as `@event{…}`, without the optional `profile.` step. */
export function canonical(reference: string): string {
  return reference
    .replace(/\s+/g, "")
    .replace(/^@\{/, "@event{")
    .replace(/^@datasetlookup\{/, "@datasetLookup{")
    .replace(/^(#\{ExperiencePlatform\.ProfileFieldGroup\.)[pP]rofile\./, "$1")
    .replace(/"([^"\\]*)"/g, "'$1'");
}

const canonicalRoot = (reference: string) => canonical(reference);

export const isList = (type: ExpressionType | null): boolean => type?.startsWith("list") ?? false;
export const isNumeric = (type: ExpressionType | null): boolean =>
  type === "integer" || type === "decimal" || type === "number";

/** Whether a value of type `given` may stand where `wanted` is expected. */
export function fits(wanted: ExpressionType | null, given: ExpressionType): boolean {
  if (wanted === null || wanted === "any" || given === "any" || given === "null" || wanted === given) return true;
  if (wanted === "decimal" || wanted === "number") return isNumeric(given);
  return wanted === "listAny" && isList(given);
}

/** The JavaScript offset of the `position`-th character of a text. */
export function offsetOf(text: string, position: number): number {
  let offset = 0;
  for (let count = 0; count < position && offset < text.length; count++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
