import type { ActionDocument } from "./document";
import { readValue, valueText } from "./places";

/** A place of the request that a journey fills. */
export interface Variable {
  /** As journeys name it. */
  paramPath: string;
  label: string;
  type: string;
  isOptional: boolean;
  /** What the form begins with: the sample's value. */
  example: string;
}

function at(sample: unknown, pointer: string): unknown {
  let here = sample;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replace(/~1/g, "/").replace(/~0/g, "~");
    here = (here as Record<string, unknown> | null | undefined)?.[key];
  }
  return here;
}

/** Everything that is variable in an action; attributes of arrays of objects come with their array. */
export function variablesOf(action: ActionDocument): Variable[] {
  const named = (["headers", "queryParameters"] as const).flatMap((place) =>
    (action[place] ?? [])
      .filter((entry) => entry.kind === "variable")
      .map((entry) => ({
        paramPath: `${place}/${entry.name}`,
        label: entry.label || entry.name,
        type: "string",
        isOptional: entry.optional === true,
        example: "",
      })),
  );
  const fields = (action.request?.fields ?? [])
    .filter((field) => field.kind === "variable" && !field.path.includes("/[]/"))
    .map((field) => ({
      paramPath: field.path,
      label: field.label || field.path,
      type: field.type,
      isOptional: field.optional === true,
      example: exampleText(at(action.request?.sample, field.path)),
    }));
  return [...named, ...fields];
}

const exampleText = (value: unknown) => (value === undefined || value === null ? "" : valueText(value));

/** What is sent of the typed texts, and the places whose text is no JSON; an empty optional one is left out. */
export function parametersOf(
  variables: readonly Variable[],
  typed: Readonly<Record<string, string>>,
): { parameters: Record<string, unknown>; unreadable: string[] } {
  const parameters: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const { paramPath, type, isOptional, example } of variables) {
    const text = typed[paramPath] ?? example;
    if (text === "" && isOptional) continue;
    const value = readValue(text, type);
    if (value === undefined) unreadable.push(paramPath);
    else parameters[paramPath] = value;
  }
  return { parameters, unreadable };
}
