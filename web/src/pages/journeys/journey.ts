/** A journey as the list shows it, read from what the server says. */
export interface JourneyRow {
  uid: string;
  name: string;
  description: string;
  tags: string[];
  entryType: string | null;
  isArchived: boolean;
  latest: VersionLine;
  /** The version that people enter, or that goes on without entrances. */
  live: VersionLine | null;
  versionCount: number;
  createdBy: string;
  createdAt: string | null;
  modifiedBy: string;
  modifiedAt: string | null;
  /** Of the version that was published last. */
  publishedBy: string;
  publishedAt: string | null;
  /** Entrances by hour, the oldest first; null when they aren't told. */
  entrances: number[] | null;
  /** Entrances of the last day; null when they aren't told. */
  entered: number | null;
}

export interface VersionLine {
  uid: string;
  version: string;
  status: string;
}

export const STATUSES = [
  "Draft",
  "Testing",
  "In Review",
  "Dry Run",
  "Deployed",
  "Paused",
  "Closed",
  "Stopped",
  "Finished",
] as const;
export type Status = (typeof STATUSES)[number];

/** How a journey begins. */
export const ENTRY_TYPES = ["unitary", "business", "audience_qualification", "read_audience", "unspecified"] as const;

const LIVE = new Set(["Deployed", "Paused", "Closed"]);
const DELETABLE = new Set(["Draft", "Stopped", "Finished"]);

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const json = (value: unknown): Json => (isJson(value) ? value : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const textOrNull = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

function line(value: unknown): VersionLine | null {
  if (!isJson(value) || text(value.uid) === "") return null;
  return { uid: text(value.uid), version: text(value.version), status: text(value.status) };
}

/** One journey of `GET /journey/orchestration/journeys`. */
export function readRow(value: unknown): JourneyRow {
  const journey = json(value);
  const metadata = json(journey.metadata);
  const traffic = json(journey.traffic);
  const hours = json(traffic.hours).entered;
  const versions = (Array.isArray(journey.versions) ? journey.versions : []).map(line).filter((one) => one !== null);
  const named = { uid: text(journey.latestVersionUid), version: "", status: text(journey.status) };
  const latest = versions.at(-1) ?? named;
  const live = line(journey.live) ?? versions.findLast((one) => LIVE.has(one.status)) ?? null;
  return {
    uid: text(journey.uid),
    name: text(journey.name),
    description: text(journey.description),
    tags: texts(journey.tags),
    entryType: textOrNull(journey.entryType),
    isArchived: journey.archived === true,
    latest,
    live,
    versionCount: Math.max(1, versions.length),
    createdBy: text(metadata.createdBy),
    createdAt: textOrNull(metadata.createdAt),
    modifiedBy: text(metadata.lastModifiedBy),
    modifiedAt: textOrNull(metadata.lastModifiedAt),
    publishedBy: text(metadata.lastDeployedBy),
    publishedAt: textOrNull(metadata.lastDeployedAt),
    entrances: Array.isArray(hours) ? hours.map((one) => numberOrNull(one) ?? 0) : null,
    entered: numberOrNull(traffic.entered),
  };
}

export const isDeletable = (row: JourneyRow, versions: readonly VersionLine[] = [row.latest]): boolean =>
  row.live === null && versions.every((one) => DELETABLE.has(one.status));

/** The version that pause and resume are about. */
export const canPause = (row: JourneyRow): boolean => row.live?.status === "Deployed";
export const canResume = (row: JourneyRow): boolean => row.live?.status === "Paused";

/** The id of a status in the catalogues: `Dry Run` → `DryRun`. */
export const statusId = (status: string): string => status.replaceAll(" ", "");

/** Comments on the canvas of a document, the oldest first. */
export function notesOf(document: unknown): { id: string; text: string; author: string; at: string }[] {
  const found = json(json(document).layout)["#comments"];
  if (!Array.isArray(found)) return [];
  return found
    .filter(isJson)
    .map((note) => ({ id: text(note.id), text: text(note.text), author: text(note.author), at: text(note.at) }))
    .sort((a, b) => a.at.localeCompare(b.at));
}
