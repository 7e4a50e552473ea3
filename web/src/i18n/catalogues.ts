export const LOCALES = ["en", "fr"] as const;
export type Locale = (typeof LOCALES)[number];

type Area = Record<string, string>;
const english = import.meta.glob<Area>("./en/*.json", { import: "default" });
const french = import.meta.glob<Area>("./fr/*.json", { import: "default" });

/** Every message of a locale by id. Areas are files; an id begins with the name of its file. */
export async function loadCatalogue(locale: Locale): Promise<Record<string, string>> {
  const areas = await Promise.all(Object.values(locale === "fr" ? french : english).map((load) => load()));
  const messages: Record<string, string> = Object.assign({}, ...areas);
  if (locale !== "fr") return messages;
  return Object.fromEntries(Object.entries(messages).map(([id, text]) => [id, withFrenchSpaces(text)]));
}

/** No line begins with a mark that French sets apart from its word, nor ends with an opening one. */
export const withFrenchSpaces = (text: string): string =>
  text.replace(/ (?=[;?!»])| (?=:(?!:))/g, "\u00a0").replace(/(?<=«) /g, "\u00a0");

const LOCALE_KEY = "parcours.locale";

/** The locale chosen before, else the first of the browser's that there is, else English. */
export function preferredLocale(): Locale {
  const wanted = [localStorage.getItem(LOCALE_KEY) ?? "", ...navigator.languages];
  for (const tag of wanted) {
    const found = LOCALES.find((locale) => tag.toLowerCase().startsWith(locale));
    if (found !== undefined) return found;
  }
  return "en";
}

export function rememberLocale(locale: Locale): void {
  localStorage.setItem(LOCALE_KEY, locale);
}
