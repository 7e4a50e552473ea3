import type { ExpressionType } from "@/expressions/scope";
import { objectOf } from "./members";
import type { ActionParameter, ActionRef } from "./references";

/** What a journey gives for one place of an action, a template or an event: `{"paramPath", "expression"}`. */
export interface Mapping {
  paramPath: string;
  expression: string;
  label?: string;
}

/** One place to be filled. */
export interface Parameter {
  paramPath: string;
  label: string;
  type: ExpressionType | null;
  isOptional: boolean;
}

export function mappingsOf(value: unknown): Mapping[] {
  if (!Array.isArray(value)) return [];
  return value.map(objectOf).map((one) => ({
    paramPath: String(one.paramPath ?? ""),
    expression: String(one.expression ?? ""),
    ...(typeof one.label === "string" ? { label: one.label } : {}),
  }));
}

/** The mappings with one place filled by an expression; an empty one takes it away. Undefined when nothing is left. */
export function mapped(mappings: readonly Mapping[], paramPath: string, expression: string): Mapping[] | undefined {
  const isKnown = mappings.some((one) => one.paramPath === paramPath);
  const next = isKnown
    ? mappings.map((one) => (one.paramPath === paramPath ? { ...one, expression } : one))
    : [...mappings, { paramPath, expression }];
  const filled = next.filter((one) => one.paramPath !== paramPath || expression !== "");
  return filled.length === 0 ? undefined : filled;
}

/** The places of an action that a journey fills, in the order of headers, query and payload. */
export function parametersOfAction(action: ActionRef): Parameter[] {
  const of = (list: ActionParameter[] | undefined, prefix: string) =>
    (list ?? [])
      .filter((one) => one.kind === "variable")
      .map(
        (one): Parameter => ({
          paramPath: prefix + (one.name ?? one.path ?? ""),
          label: one.label || one.name || one.path || "",
          type: prefix === "" ? ((one.type as ExpressionType | undefined) ?? null) : "string",
          isOptional: one.optional === true,
        }),
      );
  const payload = (action.request?.fields ?? []).filter((field) => !field.path?.includes("/[]/"));
  return [...of(action.headers, "headers/"), ...of(action.queryParameters, "queryParameters/"), ...of(payload, "")];
}

/** The places that need an expression and have none. */
export function missingOf(parameters: readonly Parameter[], mappings: readonly Mapping[]): Parameter[] {
  const given = new Set(mappings.filter((one) => one.expression.trim() !== "").map((one) => one.paramPath));
  return parameters.filter((parameter) => !parameter.isOptional && !given.has(parameter.paramPath));
}

/** The mappings of places that are none of the parameters any more. */
export function strayOf(parameters: readonly Parameter[], mappings: readonly Mapping[]): Mapping[] {
  const known = new Set(parameters.map((parameter) => parameter.paramPath));
  return mappings.filter((one) => !known.has(one.paramPath));
}
