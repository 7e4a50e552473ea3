/** What a journey template needs before it can be a journey. */
export interface Need {
  kind: "event" | "action" | "audience" | "template";
  /** The text that stands in the document in place of the uid, and in expressions in place of the name. */
  placeholder: string;
  title: string;
  description: string;
}

export interface JourneyTemplate {
  uid: string;
  name: string;
  description: string;
  document: unknown;
  needs: Need[];
}

export interface Choice {
  uid: string;
  name: string;
}

export const BLANK = (name: string) => ({ name, entry: { node: "" }, nodes: {}, edges: [] });

/** Every text of a JSON value, mapped. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, map)]));
  }
  return value;
}

/** A template's document with what was chosen: a text that is a placeholder becomes the uid, within a text the name. */
export function fillTemplate(
  template: JourneyTemplate,
  name: string,
  choices: ReadonlyMap<string, Choice>,
): Record<string, unknown> {
  const byLength = [...choices].sort(([a], [b]) => b.length - a.length);
  const filled = mapTexts(template.document, (text) => {
    const whole = choices.get(text);
    if (whole !== undefined) return whole.uid;
    return byLength.reduce((done, [placeholder, choice]) => done.replaceAll(placeholder, choice.name), text);
  });
  return { ...(filled as Record<string, unknown>), name };
}

/** What a file of a journey holds. */
export type Imported =
  | { kind: "document"; document: Record<string, unknown> }
  | { kind: "export"; body: Record<string, unknown> };

export class ImportRefused extends Error {
  readonly reason: "unreadable" | "unknown";

  constructor(reason: "unreadable" | "unknown", detail = "") {
    super(detail);
    this.name = "ImportRefused";
    this.reason = reason;
  }
}

/** A parsed file: a journey's document, a version as it was read, or an export with what it depends on. */
export function readImport(value: unknown): Imported {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ImportRefused("unknown");
  const body = value as Record<string, unknown>;
  if ("journeyVersion" in body && "formatVersion" in body) return { kind: "export", body };
  const inner = body.document;
  const document = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : body;
  if (typeof document.nodes !== "object" || typeof document.entry !== "object") throw new ImportRefused("unknown");
  return { kind: "document", document };
}

const NAMED = { event: "eventUid", action: "actionUid", audience: "audienceId", template: "templateUid" } as const;
export type NamedKind = keyof typeof NAMED;

/** Nodes and exit criteria of a file name events, actions and audiences (journeys as code): their uids are put there. */
export function resolveNames(
  document: Record<string, unknown>,
  known: Readonly<Record<NamedKind, readonly Choice[]>>,
): { document: Record<string, unknown>; missing: string[] } {
  const missing: string[] = [];
  const resolve = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const found: Record<string, unknown> = {};
    for (const [name, one] of Object.entries(value)) {
      const kind = (Object.keys(NAMED) as NamedKind[]).find((each) => each === name);
      if (kind === undefined || typeof one !== "string" || NAMED[kind] in value) {
        found[name] = one;
        continue;
      }
      const match = known[kind].find((each) => each.name === one);
      if (match === undefined) missing.push(`${kind}: ${one}`);
      found[NAMED[kind]] = match?.uid ?? one;
    }
    return found;
  };
  const nodes = Object.entries((document.nodes ?? {}) as Record<string, unknown>).map(([id, node]) => [
    id,
    resolve(node),
  ]);
  const changed: Record<string, unknown> = { ...document, nodes: Object.fromEntries(nodes) };
  if (Array.isArray(document.exitCriteria)) changed.exitCriteria = document.exitCriteria.map(resolve);
  return { document: changed, missing: [...new Set(missing)] };
}
