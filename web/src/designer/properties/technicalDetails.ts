import type { JourneyDocument } from "@/flow/document";
import type { JourneyVersion } from "../version";

/** Largest document, in bytes of minified JSON (docs/reference/limits.md). */
export const MAX_BYTES = 2_000_000;

export const sizeOf = (document: JourneyDocument): number =>
  new TextEncoder().encode(JSON.stringify(document)).byteLength;

/** What support asks for, by the names of the reference product; what is unknown is left out. */
export function technicalDetails(version: JourneyVersion): string {
  const { metadata } = version;
  const told = {
    "JourneyVersion UID": version.uid,
    OrgID: version.orgId,
    sandboxName: version.sandboxName,
    lastDeployedBy: metadata.lastDeployedBy,
    lastDeployedAt: metadata.lastDeployedAt,
    pausedJourneySettings: version.pausedJourneySettings,
  };
  return JSON.stringify(told, null, 2);
}
