import type { ExpressionType, Scope, ScopeRoot } from "./scope";

const VALUES: Record<string, unknown> = {
  string: "text",
  integer: 1,
  decimal: 1.5,
  number: 1,
  boolean: true,
  dateOnly: "2026-01-31",
  dateTimeOnly: "2026-01-31T10:00:00",
  dateTime: "2026-01-31T10:00:00Z",
  duration: "PT1H",
};

/** A sample of what stands behind a name, with one value for each field that the scope tells; null when it tells none. */
export function sampleOf(scope: Scope, kind: ScopeRoot["kind"], name: string): unknown {
  const root = scope.roots.find(
    (one) => one.kind === kind && one.reference.slice(one.reference.indexOf("{") + 1) === name,
  );
  if (root === undefined || root.fields.length === 0) return null;
  const sample: Record<string, unknown> = {};
  const lists = new Set(root.fields.filter((field) => field.type === "listObject").map((field) => field.path));
  for (const field of root.fields) {
    const isInList = [...lists].some((list) => field.path.startsWith(`${list}.`));
    put(sample, field.path.split("."), lists, [], exampleOf(field.type, field.enum, isInList));
  }
  return sample;
}

/** An example; below a list of objects a field is told as the list of what its objects hold. */
function exampleOf(type: ExpressionType, choices: unknown[] | null, isInList: boolean): unknown {
  if (type === "object" || type === "map" || type === "listObject") return undefined;
  const element = type.startsWith("list") ? type.charAt(4).toLowerCase() + type.slice(5) : type;
  const example = choices?.[0] ?? VALUES[element] ?? null;
  return type.startsWith("list") && !isInList ? [example] : example;
}

/** Sets a value below a path; objects in lists are the one element of theirs. */
function put(
  target: Record<string, unknown>,
  path: string[],
  lists: Set<string>,
  above: string[],
  value: unknown,
): void {
  const [name, ...rest] = path;
  if (name === undefined || value === undefined) return;
  if (rest.length === 0) {
    target[name] ??= value;
    return;
  }
  const here = [...above, name];
  const isList = lists.has(here.join("."));
  target[name] ??= isList ? [{}] : {};
  const held = target[name];
  const inner: unknown = Array.isArray(held) ? held[0] : held;
  if (typeof inner === "object" && inner !== null) put(inner as Record<string, unknown>, rest, lists, here, value);
}
