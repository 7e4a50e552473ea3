import type { TemplateDocument } from "./draft";

export interface FieldDifference {
  /** As in the catalogue: `templates.field.…`. */
  field: (typeof FIELDS)[number];
  before: string;
  after: string;
}

/** In the order of the form. */
const OUTER = ["name", "description", "category", "missing", "parameters"] as const;
const INNER = [
  "subject",
  "preheader",
  "fromName",
  "replyTo",
  "title",
  "body",
  "mjml",
  "html",
  "text",
  "link",
  "image",
  "data",
  "attachments",
] as const;
const FIELDS = [...OUTER, ...INNER] as const;

/** The fields in which two versions of a template differ, as texts. */
export function differencesOf(before: TemplateDocument, after: TemplateDocument): FieldDifference[] {
  const texts = (one: TemplateDocument) => ({
    ...Object.fromEntries(OUTER.map((field) => [field, textOf(one[field])])),
    ...Object.fromEntries(INNER.map((field) => [field, textOf(one.content[field])])),
  });
  const [a, b]: Record<string, string>[] = [texts(before), texts(after)];
  return FIELDS.map((field) => ({ field, before: a?.[field] ?? "", after: b?.[field] ?? "" })).filter(
    (one) => one.before !== one.after,
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  const isEmpty = Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
  return isEmpty ? "" : JSON.stringify(value, null, 2);
}
