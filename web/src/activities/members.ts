import type { JourneyNode } from "@/flow/document";

/** The node with some members changed; those that are undefined are left out of it. */
export function withMembers(node: JourneyNode, changes: Record<string, unknown>): JourneyNode {
  return { ...pruned({ ...node, ...changes }), type: node.type };
}

/** An object without the members that are undefined. */
export function pruned(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** What a member holds when it is an object; an empty one else. */
export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** Problems of a node that can be told without the server: the id of a message by member. */
export type Problems = Record<string, string>;
