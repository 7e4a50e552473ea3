import { tokenize, unquote } from "./tokens";

/** What an expression reads, by the names of what fields hang on. */
export interface Reads {
  events: string[];
  actions: string[];
  lookups: string[];
  /** Field groups of external data sources. */
  groups: { source: string; group: string }[];
  /** The profile, the person's stored events, or audiences. */
  profile: boolean;
}

/** What must be known to evaluate an expression, however unfinished it is. */
export function readsOf(text: string): Reads {
  const reads: Reads = { events: [], actions: [], lookups: [], groups: [], profile: false };
  const tokens = tokenize(text).filter((token) => token.kind !== "space");
  tokens.forEach((token, index) => {
    if (token.kind === "function") reads.profile ||= token.text === "inAudience" || token.text === "inSegment";
    if (token.kind !== "reference") return;
    const name = wordOf(tokens[index + 1]);
    const group = tokens[index + 2]?.text === "." ? wordOf(tokens[index + 3]) : null;
    if (name === null) return;
    if (token.text === "@event{" || token.text === "@{") add(reads.events, name);
    else if (token.text === "@action{") add(reads.actions, name);
    else if (token.text.toLowerCase() === "@datasetlookup{") add(reads.lookups, name);
    else if (token.text === "#{" && name === "ExperiencePlatform") reads.profile = true;
    else if (
      token.text === "#{" &&
      group !== null &&
      !reads.groups.some((g) => g.source === name && g.group === group)
    ) {
      reads.groups.push({ source: name, group });
    }
  });
  return reads;
}

function wordOf(token: { kind: string; text: string } | undefined): string | null {
  if (token?.kind === "segment" || token?.kind === "selector") return token.text;
  return token?.kind === "string" ? unquote(token.text) : null;
}

function add(names: string[], name: string): void {
  if (!names.includes(name)) names.push(name);
}
