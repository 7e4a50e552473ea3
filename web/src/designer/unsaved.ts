import type { JourneyDocument } from "@/flow/document";

const key = (versionUid: string) => `parcours.unsaved.${versionUid}`;

/** Changes that the server does not have yet. */
export interface Unsaved {
  document: JourneyDocument;
  /** Of what they were made from. */
  etag: string;
  at: number;
}

/** Keep changes in the browser until they are saved. */
export function keep(versionUid: string, document: JourneyDocument, etag: string): void {
  try {
    localStorage.setItem(key(versionUid), JSON.stringify({ document, etag, at: Date.now() } satisfies Unsaved));
  } catch {
    // a full store: the server is still told, and the page says so until it was
  }
}

export function forget(versionUid: string): void {
  localStorage.removeItem(key(versionUid));
}

/** What was kept of an earlier visit and did not reach the server. */
export function recall(versionUid: string): Unsaved | null {
  const text = localStorage.getItem(key(versionUid));
  if (text === null) return null;
  try {
    return JSON.parse(text) as Unsaved;
  } catch {
    return null;
  }
}
