export const SCALARS = ["string", "integer", "decimal", "boolean", "dateTime", "dateTimeOnly", "dateOnly"] as const;
const LISTS = SCALARS.map((type) => `list${type.charAt(0).toUpperCase()}${type.slice(1)}`);

/** A value of a sample that has a type. */
export interface Place {
  /** A JSON pointer; `[]` stands for any object of an array. */
  path: string;
  /** The sample's own type; `null` where it tells none. */
  type: string;
  value: unknown;
  /** The array of objects that it is an attribute of. */
  attributeOf: string | null;
}

/** The type of a sample's value, as the server infers it. */
export function inferType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) {
    const kinds = new Set(value.filter((item) => item !== null).map(inferType));
    if (kinds.size === 2 && kinds.has("integer") && kinds.has("decimal")) return "listDecimal";
    const [only] = kinds;
    if (kinds.size !== 1 || only === undefined || only.startsWith("list")) return "listAny";
    return `list${only.charAt(0).toUpperCase()}${only.slice(1)}`;
  }
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "decimal";
  return typeof value;
}

/** The types that a value of a sample may be declared as: scalars among scalars, lists among lists. */
export function typeChoices(place: Place): readonly string[] {
  if (place.type === "null") return [...SCALARS, ...LISTS];
  if (place.type === "listObject") return ["listObject"];
  return place.type.startsWith("list") ? LISTS : SCALARS;
}

const escaped = (key: string) => key.replace(/~/g, "~0").replace(/\//g, "~1");

/** Every value of a sample, in its order; an array of mixed values item by item. */
export function placesOf(sample: unknown, path = "", attributeOf: string | null = null): Place[] {
  if (Array.isArray(sample)) {
    const type = inferType(sample);
    if (type === "listAny" && attributeOf === null && sample.length > 0) {
      return sample.flatMap((item, index) => placesOf(item, `${path}/${index}`));
    }
    const place = { path, type, value: sample, attributeOf };
    if (type !== "listObject" || attributeOf !== null) return [place];
    return [
      place,
      ...placesOf(
        sample.find((item) => item !== null),
        `${path}/[]`,
        path,
      ),
    ];
  }
  if (typeof sample === "object" && sample !== null) {
    return Object.entries(sample).flatMap(([key, value]) => placesOf(value, `${path}/${escaped(key)}`, attributeOf));
  }
  return path === "" ? [] : [{ path, type: inferType(sample), value: sample, attributeOf }];
}

/** A JSON text as an object; undefined where it is none. */
export function readSample(text: string): Record<string, unknown> | undefined {
  const value = readJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The value of a JSON text; undefined where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isWritten = (type: string) => ["string", "dateTime", "dateTimeOnly", "dateOnly"].includes(type);

/** A value as it is typed: texts and dates as they are, everything else as JSON. */
export const valueText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What was typed as a value of a type; undefined where it is no JSON. */
export const readValue = (text: string, type: string): unknown => (isWritten(type) ? text : readJson(text));
