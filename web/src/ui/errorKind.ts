import type { ApiError } from "@/api/error";

/** What happened, as far as a reader can do something about it. */
export type ErrorKind =
  | "offline"
  | "signedOut"
  | "denied"
  | "missing"
  | "changed"
  | "exists"
  | "inUse"
  | "state"
  | "full"
  | "conflict"
  | "invalid"
  | "busy"
  | "server"
  | "page";

/** null: no answer of the server, but a fault of the page. */
export function errorKind(error: ApiError | null): ErrorKind {
  if (error === null) return "page";
  if (error.isOffline) return "offline";
  if (error.status === 401) return "signedOut";
  if (IN_USE.test(error.title) || error.code.includes("CTLG-1009-")) return "inUse";
  if (error.status === 403) return "denied";
  if (error.status === 404 || error.status === 410) return "missing";
  if (error.status === 412) return "changed";
  if (error.status === 409) return conflictKind(error.title);
  if (error.status === 429 || error.status === 503) return "busy";
  return error.status >= 500 ? "server" : "invalid";
}

// The titles of src/parcours/http/errors.py: the error's name, or what its service calls it.
const IN_USE = /InUse$| in use$|^Dependent audience$/;
const EXISTS = /Exists$| exists$|^NAMESPACE_CODE_CONFLICT$/;
const STATE = /StateConflict$|Kept$|Disabled$|^Upload not open$/;

function conflictKind(title: string): ErrorKind {
  if (EXISTS.test(title)) return "exists";
  if (STATE.test(title)) return "state";
  return title.startsWith("TooMany") ? "full" : "conflict";
}
