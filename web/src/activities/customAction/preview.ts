import type { Mapping } from "../mappings";
import type { ActionParameter, ActionRef } from "../references";

/** The call of an action as text, with the expressions where their values will be, as `‹expression›`. */
export function previewOf(action: ActionRef, path: string, mappings: readonly Mapping[]): string {
  const given = new Map(mappings.map((one) => [one.paramPath, one.expression]));
  const query = (action.queryParameters ?? [])
    .map((one) => [one.name ?? "", valueText(one, given.get(`queryParameters/${one.name}`))] as const)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`);
  const url = `${action.url}${path.trim() === "" ? "" : mark(path)}`;
  const joiner = url.includes("?") ? "&" : "?";
  const lines = [`${action.method} ${url}${query.length === 0 ? "" : joiner + query.join("&")}`];
  for (const header of action.headers ?? []) {
    const value = valueText(header, given.get(`headers/${header.name}`));
    if (value !== null) lines.push(`${header.name}: ${value}`);
  }
  if (action.request && action.method !== "GET") lines.push("", bodyOf(action.request, given));
  return lines.join("\n");
}

const mark = (expression: string) => `‹${expression.trim()}›`;

/** The value of a header or query parameter; null when it is left out. */
function valueText(parameter: ActionParameter, expression: string | undefined): string | null {
  if (parameter.kind === "constant") return String(parameter.value ?? "");
  if (expression !== undefined && expression.trim() !== "") return mark(expression);
  return parameter.optional === true ? null : mark("?");
}

function bodyOf(request: NonNullable<ActionRef["request"]>, given: ReadonlyMap<string, string>): string {
  const body: unknown = structuredClone(request.sample);
  for (const field of request.fields) {
    const steps = (field.path ?? "")
      .split("/")
      .slice(1)
      .map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~"));
    if (steps.includes("[]")) continue;
    if (field.kind === "constant") {
      put(body, steps, field.value === undefined ? KEEP : field.value);
      continue;
    }
    const expression = given.get(field.path ?? "") ?? "";
    if (expression.trim() !== "") put(body, steps, mark(expression));
    else put(body, steps, field.optional === true ? (request.allowNull === true ? null : GONE) : mark("?"));
  }
  return JSON.stringify(body, null, 2).replace(/"(‹(?:[^"\\]|\\.)*›)"/g, (_, text: string) => JSON.parse(`"${text}"`));
}

const KEEP = Symbol("keep");
const GONE = Symbol("gone");

function put(target: unknown, steps: string[], value: unknown): void {
  const last = steps.at(-1);
  if (last === undefined || value === KEEP) return;
  let here: unknown = target;
  for (const step of steps.slice(0, -1)) here = (here as Record<string, unknown> | null)?.[step];
  if (typeof here !== "object" || here === null) return;
  const holder = here as Record<string, unknown>;
  if (value !== GONE) holder[last] = value;
  else if (!Array.isArray(here)) delete holder[last];
}
