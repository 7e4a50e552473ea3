/** A sentence of the catalogue (`common.fault.…`) and what it is about. */
export interface PlainFault {
  id: string;
  values: Record<string, string | number>;
}

type Rule = [RegExp, string, ...string[]];

/** What the server's check of documents says (JSON Schema), and in which sentence a person reads it. */
const RULES: readonly Rule[] = [
  [/^"" is shorter than \d+ characters?$/, "empty"],
  [/^.* is shorter than (\d+) characters?$/s, "short", "count"],
  [/^.* is longer than (\d+) characters?$/s, "long", "count"],
  [/^"(.*)" is a required property$/s, "required", "name"],
  [/^Additional properties are not allowed \((.*) (?:was|were) unexpected\)$/s, "unknown", "names"],
  [/^.* is not of types? (.*)$/s, "type", "types"],
  [/^.* is not one of (.*)$/s, "choice", "choices"],
  [/^.* is less than or equal to the minimum of (\S+)$/s, "above", "limit"],
  [/^.* is greater than or equal to the maximum of (\S+)$/s, "below", "limit"],
  [/^.* is less than the minimum of (\S+)$/s, "small", "limit"],
  [/^.* is greater than the maximum of (\S+)$/s, "large", "limit"],
  [/^.* has less than (\d+) items?$/s, "few", "count"],
  [/^.* has more than (\d+) items?$/s, "many", "count"],
  [/^.* has non-unique elements$/s, "twice"],
  [/^(.*) does not match ".*"$/s, "pattern", "value"],
  [/^(.*) is not a "(.*)"$/s, "format", "value", "format"],
  [/^.* is not valid under any of the schemas listed in the '\w+' keyword$/s, "form"],
];

const OF_NODE = /^\$\.nodes(?:\.[^.[]+|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\])(?:\.|(?=\[))(.+)$/s;

/** Which setting of its activity a fault is about, as the document names it; null: none, or the activity as a whole. */
export function settingOf(path: string | undefined): string | null {
  return (path && OF_NODE.exec(path)?.[1]) || null;
}

/** null: it is a sentence already, or one nobody foresaw. */
export function plainFault(message: string): PlainFault | null {
  for (const [pattern, id, ...names] of RULES) {
    const found = pattern.exec(message);
    if (found === null) continue;
    const told = (name: string, text: string) => [name, name === "count" ? Number(text) : text.replace(/['"]/g, "")];
    return { id, values: Object.fromEntries(names.map((name, i) => told(name, found[i + 1] ?? ""))) };
  }
  return null;
}
