import type { Field } from "@/pages/schemas/fields";

const isWithin = (pointer: string, above: string) => pointer === above || pointer.startsWith(`${above}/`);

export type Share = "all" | "some" | "none";

/** How much of a field is chosen: a value is or isn't, an object may be in part. */
export function shareOf(fields: readonly Field[], chosen: readonly string[], field: Field): Share {
  const values = valuesIn(fields, field.pointer);
  const count = values.filter((pointer) => isChosen(chosen, pointer)).length;
  if (count === 0) return "none";
  return count === values.length ? "all" : "some";
}

/** The choice with a field and what is in it, or without. */
export function withField(
  fields: readonly Field[],
  chosen: readonly string[],
  field: Field,
  isWanted: boolean,
): string[] {
  const values = valuesIn(fields, field.pointer);
  if (isWanted) return [...chosen, ...values.filter((pointer) => !isChosen(chosen, pointer))];
  const above = chosen.filter((pointer) => isWithin(field.pointer, pointer));
  const beside = above.flatMap((pointer) => valuesIn(fields, pointer)).filter((one) => !isWithin(one, field.pointer));
  const kept = chosen.filter((pointer) => !isWithin(pointer, field.pointer) && !above.includes(pointer));
  return [...new Set([...kept, ...beside])];
}

const isChosen = (chosen: readonly string[], pointer: string) => chosen.some((one) => isWithin(pointer, one));

const valuesIn = (fields: readonly Field[], above: string) =>
  fields.filter((field) => !field.hasFields && isWithin(field.pointer, above)).map((field) => field.pointer);
