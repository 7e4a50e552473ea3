import { ApiError } from "@/api/error";
import { reportPath } from "@/pages/actions/faults";
import type { EventConfiguration, RelatedRows } from "./events";
import type { EventType } from "./eventsSearch";

/** Stands for the namespace of the schema's primary identity, and for none. */
export const PRIMARY = "*primary";
export const NOBODY = "*none";
const NAME_TAKEN = "5009-409";

/** What is written of an event; what a type has no use for outlives a change of mind. */
export interface EventDraft {
  name: string;
  description: string;
  type: EventType;
  idType: EventConfiguration["idType"];
  schemaId: string;
  fields: string[];
  /** Of what isn't said, the server chooses where there is but one. */
  related: readonly RelatedRows[];
  idCondition: string;
  namespace: string;
  profileIdentifier: string;
  /** Null for any age. */
  maxAgeSeconds: number | null;
}

export function draftOf(event?: EventConfiguration): EventDraft {
  return {
    name: event?.name ?? "",
    description: event?.description ?? "",
    type: event?.type ?? "unitary",
    idType: event?.idType ?? "systemGenerated",
    schemaId: event?.schemaRef.id ?? "",
    fields: event?.fields ?? [],
    related: event?.related ?? [],
    idCondition: event?.idCondition ?? "",
    namespace: event === undefined ? PRIMARY : (event.namespace ?? NOBODY),
    profileIdentifier: event?.profileIdentifier ?? "",
    maxAgeSeconds: event?.maxAgeSeconds ?? null,
  };
}

/** The draft of a new event like another one. Its expressions call the event by the new name. */
export function duplicateOf(event: EventConfiguration): EventDraft {
  return renamed(draftOf(event), `${event.name.slice(0, 26)}Copy`);
}

/** The draft under another name, which its expressions follow. */
export function renamed(draft: EventDraft, name: string): EventDraft {
  const follow = (text: string) =>
    draft.name === "" || name === "" ? text : text.replaceAll(`@event{${draft.name}.`, () => `@event{${name}.`);
  return {
    ...draft,
    name,
    idCondition: follow(draft.idCondition),
    profileIdentifier: follow(draft.profileIdentifier),
  };
}

/** What is written, over what was read: members that the form doesn't show stay. */
export function documentOf(draft: EventDraft, before: object = {}): Record<string, unknown> {
  const { name, description, type, schemaId, fields, maxAgeSeconds } = draft;
  const isBusiness = type === "business";
  const idType = isBusiness ? "ruleBased" : draft.idType;
  const document: Record<string, unknown> = {
    ...before,
    name: name.trim(),
    description,
    type,
    idType,
    schemaRef: { id: schemaId },
    fields,
    idCondition: idType === "ruleBased" ? draft.idCondition : null,
    maxAgeSeconds,
  };
  for (const key of ["namespace", "profileIdentifier", "related"]) delete document[key];
  if (draft.related.length > 0) document.related = draft.related;
  if (isBusiness) {
    delete document.supplementalIdentifier;
    return document;
  }
  if (draft.namespace !== PRIMARY) document.namespace = draft.namespace === NOBODY ? null : draft.namespace;
  if (draft.profileIdentifier.trim() !== "") document.profileIdentifier = draft.profileIdentifier;
  return document;
}

/** The member that a refusal is about; null where it names none. */
export function faultPlace(error: unknown): string | null {
  if (!(error instanceof ApiError)) return null;
  if (error.code.endsWith(NAME_TAKEN)) return "name";
  return /^\$\.(\w+)/.exec(reportPath(error) ?? "")?.[1] ?? null;
}
