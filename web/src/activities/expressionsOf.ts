import { readsOf } from "@/expressions/reads";
import type { ScopeRoot } from "@/expressions/scope";
import type { JourneyNode } from "@/flow/document";
import { objectOf } from "./members";

const OWN = ["expression", "path", "keys", "address"];
const LISTS = ["paths", "parameters", "updates"];

/** Every expression of an activity but those that give dynamic values. */
export function expressionsOf(node: JourneyNode): string[] {
  const own = OWN.map((member) => node[member]);
  const listed = LISTS.flatMap((list) => {
    const items = node[list];
    return Array.isArray(items) ? items.map((item: unknown) => objectOf(item).expression) : [];
  });
  return [...own, ...listed].filter((text): text is string => typeof text === "string" && text !== "");
}

/** One field group that an activity reads, with the values it is asked with by name. */
export interface GroupValues {
  source: string;
  group: string;
  values: { name: string; expression: string }[];
}

/** The field groups that take values and that an activity reads, or has values for, with what it gives them. */
export function groupsOf(node: JourneyNode, roots: readonly ScopeRoot[]): GroupValues[] {
  const read = expressionsOf(node).flatMap((text) => readsOf(text).groups);
  const given = Array.isArray(node.dynamicValues) ? node.dynamicValues.map(objectOf) : [];
  const wanted = [...read, ...given.map((one) => ({ source: String(one.dataSource), group: String(one.fieldGroup) }))];
  const groups = new Map<string, GroupValues>();
  for (const { source, group } of wanted) {
    const names = roots.find((root) => root.reference === `#{${source}.${group}`)?.dynamicValues ?? [];
    const present = given.find((one) => one.dataSource === source && one.fieldGroup === group)?.values;
    const values = (Array.isArray(present) ? present.map(objectOf) : []).map((value) => ({
      name: String(value.name),
      expression: String(value.expression ?? ""),
    }));
    const missing = names.filter((name) => !values.some((value) => value.name === name));
    const all = [...values, ...missing.map((name) => ({ name, expression: "" }))];
    if (all.length > 0) groups.set(`${source}.${group}`, { source, group, values: all });
  }
  return [...groups.values()];
}

/** The member `dynamicValues` of groups: what is empty is left out; undefined when nothing is given. */
export function toDynamicValues(groups: readonly GroupValues[]): object[] | undefined {
  const given = groups
    .map(({ source, group, values }) => ({
      dataSource: source,
      fieldGroup: group,
      values: values.filter((value) => value.expression !== ""),
    }))
    .filter((group) => group.values.length > 0);
  return given.length === 0 ? undefined : given;
}
