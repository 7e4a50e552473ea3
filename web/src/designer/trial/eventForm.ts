import type { SchemaField } from "@/activities/schemaFields";
import type { JourneyDocument, JourneyNode } from "@/flow/document";

/** Values by the pointers of fields, as they are typed in. */
export type Values = Record<string, string>;

/** What the server writes itself where it is left out. */
const BY_ITSELF = new Set(["/_id", "/timestamp", "/_experience/campaign/orchestration/eventID"]);

/** The uids of events that the journey begins with or waits for, each once. */
export function eventsOf(document: JourneyDocument): string[] {
  const uids = Object.values(document.nodes).map((node) => node.eventUid);
  return [...new Set(uids.filter((uid) => typeof uid === "string" && uid !== ""))] as string[];
}

/** The activity that reads the audience; null in a journey without one. */
export function audienceReadOf(document: JourneyDocument): JourneyNode | null {
  return Object.values(document.nodes).find((node) => node.type === "readAudience") ?? null;
}

/** The fields of a schema that a form asks for: single values among those selected for the event, or below them. */
export function formFields(fields: readonly SchemaField[], selected: readonly string[]): SchemaField[] {
  const lists = fields.filter((field) => field.isCollection).map((field) => `${field.pointer}/`);
  return fields.filter(
    ({ pointer, type, isCollection }) =>
      !isCollection &&
      type !== "object" &&
      type !== "map" &&
      !BY_ITSELF.has(pointer) &&
      !lists.some((list) => pointer.startsWith(list)) &&
      selected.some((one) => pointer === one || pointer.startsWith(`${one}/`)),
  );
}

/** Values as a test event has them: numbers and truths as such, and nothing for what was left blank. */
export function readValues(fields: readonly SchemaField[], values: Values): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const text = values[field.pointer]?.trim() ?? "";
      return text === "" ? [] : [[field.pointer, readValue(field, text)]];
    }),
  );
}

function readValue({ type, enum: choices }: SchemaField, text: string): unknown {
  const choice = choices?.find((one) => String(one) === text);
  if (choice !== undefined) return choice;
  if (type === "boolean") return text === "true";
  // what is no number is sent as it is: the server says what is wrong with it
  if (type === "integer" || type === "decimal" || type === "number")
    return Number.isNaN(Number(text)) ? text : Number(text);
  return text;
}

/** An object in JSON; null where the text is none. */
export function readObject(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found)
      ? (found as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
