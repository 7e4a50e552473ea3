import type { ApiError } from "@/api/error";
import type { Channel } from "./search";

export interface Parameter {
  name: string;
  label: string;
  optional: boolean;
}

export interface Attachment {
  url: string;
  name: string;
}

/** docs/reference/channels.md: what a template says, by channel. */
export interface Content {
  subject?: string;
  html?: string;
  mjml?: string;
  text?: string;
  preheader?: string;
  fromName?: string;
  replyTo?: string;
  attachments?: Attachment[];
  body?: string;
  title?: string;
  link?: string;
  image?: string;
  data?: Record<string, string>;
}

export const FORMATS = ["mjml", "html", "text"] as const;
export type Format = (typeof FORMATS)[number];
export const CATEGORIES = ["marketing", "transactional"] as const;
export const MISSING = ["lenient", "strict"] as const;

export interface TemplateDocument {
  name: string;
  description: string;
  channel: Channel;
  category: (typeof CATEGORIES)[number];
  missing: (typeof MISSING)[number];
  parameters: Parameter[];
  content: Content;
}

/** A template as it is edited; what was typed for another channel or format is kept until it is saved. */
export interface Draft extends TemplateDocument {
  format: Format;
}

const TEXTS: Record<Channel, readonly (keyof Content & string)[]> = {
  email: ["subject", "preheader", "fromName", "replyTo"],
  sms: ["body"],
  push: ["title", "body", "link", "image"],
};
const NEEDED: Record<Channel, readonly (keyof Content & string)[]> = {
  email: ["subject"],
  sms: ["body"],
  push: ["title", "body"],
};

export const EMPTY: Draft = {
  name: "",
  description: "",
  channel: "email",
  category: "marketing",
  missing: "lenient",
  parameters: [],
  format: "mjml",
  content: {
    subject: "",
    mjml: [
      "<mjml>",
      "  <mj-body>",
      "    <mj-section>",
      "      <mj-column>",
      '        <mj-text font-size="16px">',
      '          Hello {{ profile.person.name.firstName | default: "you" }},',
      "        </mj-text>",
      "      </mj-column>",
      "    </mj-section>",
      "  </mj-body>",
      "</mjml>",
      "",
    ].join("\n"),
  },
};

export function draftOf(template: TemplateDocument): Draft {
  const { name, description, channel, category, missing, parameters, content } = template;
  const format = content.mjml !== undefined ? "mjml" : content.html !== undefined ? "html" : "text";
  return { name, description, channel, category, missing, parameters, content, format };
}

const MAX_NAME = 60;

/** Another template that says the same. */
export const duplicateOf = (template: TemplateDocument, name: string): Draft => ({
  ...draftOf(template),
  name: name.slice(0, MAX_NAME),
});

/** The document to be saved: only what the channel and the format have, nothing empty. */
export function bodyOf(draft: Draft): TemplateDocument {
  const { format, content: typed, ...rest } = draft;
  const content: Content = {};
  for (const name of TEXTS[draft.channel]) {
    const value = typed[name];
    if (typeof value === "string" && (value !== "" || NEEDED[draft.channel].includes(name))) {
      Object.assign(content, { [name]: value });
    }
  }
  if (draft.channel === "email") {
    if (format !== "text") content[format] = typed[format] ?? "";
    if (format === "text" || typed.text) content.text = typed.text ?? "";
    if (typed.attachments?.length) content.attachments = typed.attachments;
  }
  if (draft.channel === "push" && typed.data && Object.keys(typed.data).length > 0) content.data = typed.data;
  return { ...rest, content };
}

/** Whether there is enough to make a message of. */
export function canShow(draft: Draft): boolean {
  const { content, format } = draft;
  const needed = [...NEEDED[draft.channel], ...(draft.channel === "email" ? [format] : [])];
  return needed.every((name) => String(content[name as keyof Content] ?? "").trim() !== "");
}

export interface FieldFault {
  /** JSON path, such as `$.content.subject`. */
  path: string;
  message: string;
}

/** Where the server found something wrong; null when it doesn't say. */
export function faultOf(error: ApiError | null): FieldFault | null {
  if (error === null || typeof error.body !== "object" || error.body === null) return null;
  const report = (error.body as { report?: { path?: unknown } }).report;
  return typeof report?.path === "string" ? { path: report.path, message: error.detail } : null;
}

/** What a field of React Spectrum shows of a fault at its path, or below it. */
export function shownAt(fault: FieldFault | null, path: string) {
  const isHere =
    fault !== null &&
    (fault.path === path || (fault.path.startsWith(path) && /^[.[]/.test(fault.path.slice(path.length))));
  return isHere ? { validationState: "invalid" as const, errorMessage: fault.message } : {};
}

export interface Sample {
  /** JSON of `profile`, `event`, `context`, `params`. */
  text: string;
  /** Of a stored profile, in place of the one in the JSON; both or none. */
  namespace: string;
  id: string;
}

/** The values for a preview, with every parameter; null when the text is no JSON object. */
export function valuesOf(sample: Sample, parameters: readonly Parameter[]): Record<string, unknown> | null {
  let given: unknown;
  try {
    given = JSON.parse(sample.text.trim() === "" ? "{}" : sample.text);
  } catch {
    return null;
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) return null;
  const values = { ...(given as Record<string, unknown>) };
  const told = parameters.filter((one) => one.name !== "").map((one) => [one.name, `[${one.label || one.name}]`]);
  if (told.length > 0 && (values.params === undefined || isRecord(values.params))) {
    values.params = { ...Object.fromEntries(told), ...(values.params as Record<string, unknown> | undefined) };
  }
  if (sample.id.trim() !== "" && sample.namespace.trim() !== "") {
    values.profile = { namespace: sample.namespace.trim(), id: sample.id.trim() };
  }
  return values;
}

/** Addresses typed one a line, or with commas between them. */
export const addressesOf = (text: string): string[] =>
  text
    .split(/[\n,;]+/)
    .map((one) => one.trim())
    .filter(Boolean);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
