/** One setting in force. */
export interface Setting {
  name: string;
  value: string;
  /** Where it comes from, `default`, `environment` or `option`. */
  source: string;
  description: string;
}

type Json = Record<string, unknown>;

const shown = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

/** `GET /parcours/settings`, sorted by name. */
export function readSettings(answer: unknown): Setting[] {
  const body = answer as Json | null;
  const found = Array.isArray(body) ? body : (body?.settings ?? body?.results);
  if (!Array.isArray(found)) return [];
  return (found as Json[])
    .map((one) => ({
      name: shown(one.variable ?? one.name),
      value: shown(one.value),
      source: shown(one.source),
      description: shown(one.description),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Those whose name, value or description holds every word. */
export function matching(settings: readonly Setting[], text: string, onlyChanged: boolean): Setting[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter((one) => {
    const all = `${one.name} ${one.value} ${one.description}`.toLowerCase();
    return words.every((word) => all.includes(word)) && !(onlyChanged && one.source === "default");
  });
}
