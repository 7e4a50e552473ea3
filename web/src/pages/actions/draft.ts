import { type AuthenticationDraft, authenticationDraft, authenticationOf, withoutSecrets } from "./authentication";
import type { ActionDocument, AnswerDocument, EntryDocument, FieldDocument, METHODS } from "./document";
import { type Place, placesOf, readSample, readValue, typeChoices, valueText } from "./places";

export const KINDS = ["constant", "variable", "optional"] as const;
export type Kind = (typeof KINDS)[number];
const MAX_NAME = 30;

/** A header or query parameter; `text` is the value of a constant, else its label. */
export interface EntryDraft {
  name: string;
  kind: Kind;
  text: string;
}

export interface FieldDraft {
  kind: Kind;
  type: string;
  label: string;
  /** Of a constant, as typed; null: the sample's own. */
  value: string | null;
}

export interface AnswerDraft {
  sample: string;
  types: Record<string, string>;
}

/** An action as it is being written. */
export interface ActionDraft {
  name: string;
  description: string;
  url: string;
  method: (typeof METHODS)[number];
  headers: EntryDraft[];
  queryParameters: EntryDraft[];
  authentication: AuthenticationDraft;
  sample: string;
  /** By path; a place that is not there is sent as it is in the sample. */
  fields: Record<string, FieldDraft>;
  allowNull: boolean;
  response: AnswerDraft;
  failureResponse: AnswerDraft;
  channel: string;
  marketingAction: string;
}

const jsonText = (value: unknown) => (value === undefined || value === null ? "" : JSON.stringify(value, null, 2));
const kindOf = (one: { kind: string; optional?: boolean }): Kind =>
  one.kind === "constant" ? "constant" : one.optional === true ? "optional" : "variable";

const entryDraft = (entry: EntryDocument): EntryDraft => ({
  name: entry.name,
  kind: kindOf(entry),
  text: (entry.kind === "constant" ? entry.value : entry.label) ?? "",
});

const fieldDraft = (field: FieldDocument): FieldDraft => ({
  kind: kindOf(field),
  type: field.type,
  label: field.label ?? "",
  value: field.kind === "constant" ? valueText(field.value) : null,
});

const answerDraft = (answer: AnswerDocument | null | undefined): AnswerDraft => ({
  sample: jsonText(answer?.sample),
  types: answer?.types ?? {},
});

const NOTHING: ActionDocument = { name: "", url: "https://", method: "POST" };

/** The form of an action; of a new one without an action. */
export function draftOf(action: ActionDocument = NOTHING): ActionDraft {
  return {
    name: action.name,
    description: action.description ?? "",
    url: action.url,
    method: action.method,
    headers: (action.headers ?? []).map(entryDraft),
    queryParameters: (action.queryParameters ?? []).map(entryDraft),
    authentication: authenticationDraft(action.authentication),
    sample: jsonText(action.request?.sample),
    fields: Object.fromEntries((action.request?.fields ?? []).map((field) => [field.path, fieldDraft(field)])),
    allowNull: action.request?.allowNull ?? false,
    response: answerDraft(action.response),
    failureResponse: answerDraft(action.failureResponse),
    channel: action.marketing?.channel ?? "",
    marketingAction: action.marketing?.requiredMarketingAction ?? "",
  };
}

/** The form of a new action that begins as another one. */
export function duplicateOf(action: ActionDocument): ActionDraft {
  const draft = draftOf(action);
  const name = `${action.name.slice(0, MAX_NAME - "_copy".length)}_copy`;
  return { ...draft, name, authentication: withoutSecrets(draft.authentication) };
}

/** A place's field as the form shows it: what was chosen as far as it still fits the sample. */
export function fieldAt(place: Place, fields: Record<string, FieldDraft>): FieldDraft {
  const inferred = place.type === "null" ? "string" : place.type;
  const known = fields[place.path] ?? { kind: "constant", type: inferred, label: "", value: null };
  return typeChoices(place).includes(known.type) ? known : { ...known, type: inferred };
}

/** The places that can be filled: an attribute only while its array is variable. */
export function fillable(draft: ActionDraft): Place[] {
  const places = placesOf(readSample(draft.sample) ?? {});
  const isVariable = (path: string) => (draft.fields[path]?.kind ?? "constant") !== "constant";
  return places.filter((place) => place.attributeOf === null || isVariable(place.attributeOf));
}

/** What is wrong that the form itself can tell: places whose text is no JSON. */
export function unreadable(draft: ActionDraft): string[] {
  const found: string[] = [];
  const isSent = draft.method !== "GET";
  if (isSent && draft.sample.trim() !== "" && readSample(draft.sample) === undefined) found.push("request.sample");
  for (const part of ["response", "failureResponse"] as const) {
    const { sample } = draft[part];
    if (sample.trim() !== "" && readSample(sample) === undefined) found.push(`${part}.sample`);
  }
  for (const place of isSent ? fillable(draft) : []) {
    const field = fieldAt(place, draft.fields);
    if (field.kind === "constant" && field.value !== null && readValue(field.value, field.type) === undefined) {
      found.push(fieldKey(place.path));
    }
  }
  return found;
}

/** Where faults of a payload's field are shown. */
export const fieldKey = (path: string) => `request.fields ${path}`;

function entryOf({ name, kind, text }: EntryDraft): EntryDocument {
  if (kind === "constant") return { name, kind, value: text };
  return { name, kind: "variable", label: text || undefined, optional: kind === "optional" };
}

function fieldOf(place: Place, draft: ActionDraft): FieldDocument | null {
  const { kind, type, label, value } = fieldAt(place, draft.fields);
  const { path } = place;
  if (place.attributeOf !== null) {
    const isPlain = draft.fields[path] === undefined || (label === "" && type === place.type);
    return isPlain && place.type !== "null" ? null : { path, type, kind: "variable", label: label || undefined };
  }
  if (kind === "constant") {
    const isSample = value === null || (value === valueText(place.value) && type === place.type);
    return isSample ? null : { path, type, kind, value: readValue(value, type) };
  }
  return { path, type, kind: "variable", label: label || undefined, optional: kind === "optional" };
}

function requestOf(draft: ActionDraft): ActionDocument["request"] {
  const sample = readSample(draft.sample);
  if (draft.method === "GET" || sample === undefined) return null;
  const fields = fillable(draft).map((place) => fieldOf(place, draft));
  return { sample, fields: fields.filter((field) => field !== null), allowNull: draft.allowNull };
}

function answerOf({ sample, types }: AnswerDraft): AnswerDocument | null {
  const read = readSample(sample);
  if (read === undefined) return null;
  const chosen = placesOf(read)
    .filter((place) => types[place.path] !== undefined && types[place.path] !== place.type)
    .filter((place) => typeChoices(place).includes(types[place.path] ?? ""))
    .map((place) => [place.path, types[place.path] ?? ""] as const);
  return { sample: read, types: Object.fromEntries(chosen) };
}

/** What the form stands for, as it is written. */
export function documentOf(draft: ActionDraft): ActionDocument {
  const { channel, marketingAction } = draft;
  return {
    name: draft.name.trim(),
    description: draft.description,
    url: draft.url.trim(),
    method: draft.method,
    headers: draft.headers.map(entryOf),
    queryParameters: draft.queryParameters.map(entryOf),
    authentication: authenticationOf(draft.authentication),
    request: requestOf(draft),
    response: answerOf(draft.response),
    failureResponse: answerOf(draft.failureResponse),
    marketing:
      channel === "" && marketingAction === "" ? null : { channel, requiredMarketingAction: marketingAction || null },
  };
}
