import { ApiError } from "@/api/error";
import { type AuthenticationDraft, authenticationDraft, authenticationOf } from "@/pages/actions/authentication";
import { reportPath } from "@/pages/actions/faults";
import { placesOf, readSample, typeChoices } from "@/pages/actions/places";
import type { CACHE_UNITS, DataSource, FieldGroup } from "./sources";

const NAME_TAKEN = "6109-409";

export interface GroupDraft {
  /** Of this form alone. */
  key: number;
  name: string;
  description: string;
  method: "GET" | "POST";
  /** Names with commas. */
  values: string;
  sent: string;
  sample: string;
  types: Record<string, string>;
  duration: number;
  timeUnit: (typeof CACHE_UNITS)[number];
}

export interface SourceDraft {
  name: string;
  description: string;
  url: string;
  authentication: AuthenticationDraft;
  groups: GroupDraft[];
}

const json = (value: unknown) => JSON.stringify(value, null, 2);

export const newGroup = (key: number): GroupDraft => groupDraft({ name: "" }, key);

function groupDraft(group: FieldGroup, key: number): GroupDraft {
  return {
    key,
    name: group.name,
    description: group.description ?? "",
    method: group.method ?? "GET",
    values: (group.dynamicValues ?? []).join(", "),
    sent: group.sentPayload == null ? "" : json(group.sentPayload),
    sample: json(group.responsePayload ?? {}),
    types: group.types ?? {},
    duration: group.cacheDuration?.duration ?? 0,
    timeUnit: group.cacheDuration?.timeUnit ?? "minutes",
  };
}

export function draftOf(source?: DataSource): SourceDraft {
  return {
    name: source?.name ?? "",
    description: source?.description ?? "",
    url: source?.url ?? "https://",
    authentication: authenticationDraft(source?.authentication),
    groups: (source?.fieldGroups ?? []).map(groupDraft),
  };
}

/** Places whose text is no JSON object. */
export const unreadable = (draft: SourceDraft): string[] =>
  draft.groups.flatMap((group, at) => [
    ...(readSample(group.sample) === undefined ? [`fieldGroups[${at}].responsePayload`] : []),
    ...(group.method === "POST" && group.sent.trim() !== "" && readSample(group.sent) === undefined
      ? [`fieldGroups[${at}].sentPayload`]
      : []),
  ]);

export const namesOf = (values: string) =>
  values
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

function groupOf(group: GroupDraft): FieldGroup {
  const sample = readSample(group.sample) ?? {};
  const types = placesOf(sample)
    .map((place) => [place, group.types[place.path] ?? place.type] as const)
    .filter(([place, type]) => type !== place.type && typeChoices(place).includes(type))
    .map(([place, type]) => [place.path, type]);
  return {
    name: group.name.trim(),
    description: group.description,
    method: group.method,
    dynamicValues: namesOf(group.values),
    ...(group.method === "POST" && group.sent.trim() !== "" && { sentPayload: readSample(group.sent) }),
    responsePayload: sample,
    types: Object.fromEntries(types),
    cacheDuration: { duration: group.duration, timeUnit: group.timeUnit },
  };
}

export const documentOf = (draft: SourceDraft) => ({
  name: draft.name.trim(),
  description: draft.description,
  url: draft.url.trim(),
  authentication: authenticationOf(draft.authentication),
  fieldGroups: draft.groups.map(groupOf),
});

/** Where a refusal belongs in the form; null where it names no place. */
export function faultPlace(error: unknown): string | null {
  if (!(error instanceof ApiError)) return null;
  if (error.code.endsWith(NAME_TAKEN)) return "name";
  const place = reportPath(error)?.replace(/^\$\.?/, "") ?? null;
  if (place === null) return null;
  return /^fieldGroups\[\d+\]\.\w+/.exec(place)?.[0] ?? place;
}
