import type { LabelDescriptor } from "./registry";

/** The fields that a label descriptor speaks of. */
export const pointersOf = ({ "xdm:sourceProperty": property }: LabelDescriptor): string[] =>
  typeof property === "string" ? [property] : property;

const namesOf = (descriptor: LabelDescriptor): string[] =>
  descriptor["xdm:labels"].map((label) => label.split("/").at(-1) ?? label);

export interface FieldLabels {
  /** By a descriptor of the schema itself, which can be changed here. */
  own: string[];
  /** By those of field groups and classes, and of the objects that the field is in. */
  inherited: string[];
  descriptor: LabelDescriptor | undefined;
}

/** The labels that hold for a field. sources: `$id`s of what the schema is composed of. */
export function labelsOf(
  pointer: string,
  schemaId: string,
  sources: readonly string[],
  descriptors: readonly LabelDescriptor[],
): FieldLabels {
  const isOwn = (one: LabelDescriptor) => one["xdm:sourceSchema"] === schemaId && pointersOf(one).includes(pointer);
  const descriptor = descriptors.find(isOwn);
  const own = descriptor === undefined ? [] : namesOf(descriptor);
  const holding = descriptors.filter(
    (one) =>
      one !== descriptor &&
      (one["xdm:sourceSchema"] === schemaId || sources.includes(one["xdm:sourceSchema"])) &&
      pointersOf(one).some((at) => pointer === at || pointer.startsWith(`${at}/`)),
  );
  const inherited = [...new Set(holding.flatMap(namesOf))].filter((label) => !own.includes(label));
  return { own, inherited, descriptor };
}
