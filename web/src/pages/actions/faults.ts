import { ApiError } from "@/api/error";
import type { ActionDocument } from "./document";
import { fieldKey } from "./draft";

/** What is wrong, by the place in the form. */
export type Faults = ReadonlyMap<string, string>;

const NAME_TAKEN = "PARC-6009-409";
const IN_USE = "PARC-6010-409";

/** Whether a conflict is one with journeys or another action, not with another person's change. */
export const isRefusal = (error: Error): boolean =>
  error instanceof ApiError && [NAME_TAKEN, IN_USE].some((code) => error.code.endsWith(code));

/** Where the server's refusal of a document belongs; null where it names no place. */
export function faultPlace(error: unknown, sent: ActionDocument): string | null {
  if (!(error instanceof ApiError)) return null;
  if (error.code.endsWith(NAME_TAKEN)) return "name";
  const path = reportPath(error);
  if (path === null) return null;
  const place = path.replace(/^\$\.?/, "");
  const index = /^request\.fields\[(\d+)\]/.exec(place)?.[1];
  const field = index === undefined ? undefined : sent.request?.fields?.[Number(index)];
  if (field !== undefined) return fieldKey(field.path);
  return /^(request|response|failureResponse)\.sample/.exec(place)?.[0] ?? place;
}

/** Whether what a place belongs to is as it was sent: then its fault still stands. */
export function isAsSent(place: string, sent: ActionDocument, now: ActionDocument): boolean {
  const member = place.split(/[.[ ]/)[0] as keyof ActionDocument;
  return JSON.stringify(sent[member]) === JSON.stringify(now[member]);
}

/** `report.path` of a refusal. */
export function reportPath(error: ApiError): string | null {
  const body = error.body as { report?: { path?: unknown } } | null;
  return typeof body?.report?.path === "string" ? body.report.path : null;
}

/** What a field shows of the faults. */
export function faultOf(faults: Faults, place: string): { validationState?: "invalid"; errorMessage?: string } {
  const errorMessage = faults.get(place);
  return errorMessage === undefined ? {} : { validationState: "invalid", errorMessage };
}
