import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createIntl } from "react-intl";
import { expect, test } from "vitest";

const HERE = join(process.cwd(), "src/i18n");
const SOURCES = join(process.cwd(), "src");
const areas = readdirSync(join(HERE, "en")).map((name) => name.replace(/\.json$/, ""));

function read(locale: string, area: string): Record<string, string> {
  return JSON.parse(readFileSync(join(HERE, locale, `${area}.json`), "utf8"));
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\./.test(entry.name)
      ? [readFileSync(path, "utf8").replace(/\/\*\*[\s\S]*?\*\//g, "")]
      : [];
  });
}

test.each(areas)("%s says the same in English and French", (area) => {
  const [english, french] = [read("en", area), read("fr", area)];
  expect(Object.keys(french).sort()).toEqual(Object.keys(english).sort());
  for (const [id, text] of Object.entries(english)) {
    expect(id.startsWith(`${area}.`), `${id} begins with the name of its file`).toBe(true);
    const names = (source: string | undefined) => new Set(source?.match(/\{(\w+)(?=[,}])/g) ?? []);
    expect(names(french[id]), id).toEqual(names(text));
  }
});

test.each(["en", "fr"])("every message of %s can be read", (locale) => {
  const problems: string[] = [];
  for (const area of areas) {
    const messages = read(locale, area);
    const intl = createIntl({ locale, messages, onError: (error) => problems.push(error.message) });
    for (const [id, text] of Object.entries(messages)) {
      const values = Object.fromEntries([...text.matchAll(/\{(\w+)/g)].map((match) => [match[1], 1]));
      intl.formatMessage({ id }, values);
    }
  }
  expect(problems).toEqual([]);
});

test("every id that is written out in the sources is in the catalogue, and every message is used", () => {
  const known = new Set(areas.flatMap((area) => Object.keys(read("en", area))));
  const text = sources(SOURCES).join("\n");
  const written = [...text.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((match) => match[1] ?? "");
  expect(written.filter((id) => !known.has(id))).toEqual([]);
  /** Ids that are put together: `t(`status.${status}`)` uses all that begin with `status.`. */
  const prefixes = [...text.matchAll(/`([\w.-]+\.)\$\{/g)].map((match) => match[1] ?? "");
  const unused = [...known].filter(
    (id) => !text.includes(`"${id}"`) && !prefixes.some((prefix) => id.startsWith(prefix)),
  );
  expect(unused).toEqual([]);
  // It reads every source, and a busy machine takes its time over that.
}, 60_000);
