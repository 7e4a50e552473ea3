import type { Place } from "./scope";

/** What the scope at a node depends on: the way to it, and what its activities are about. Not their texts. */
const MEMBERS = ["type", "label", "eventUid", "actionUid", "dataSetId", "audienceId", "fields", "templateUid"] as const;

/** A text that is the same as long as a place has the same scope, so that typing asks for nothing. */
export function placeKey(place: Place): string {
  if (!("document" in place)) return JSON.stringify(place);
  const { document, nodeId } = place;
  const nodes = Object.entries(document.nodes).map(([id, node]) => [id, ...MEMBERS.map((member) => node[member])]);
  const values = document.nodes[nodeId]?.dynamicValues;
  return JSON.stringify([nodeId, document.entry.node, document.edges, nodes, values, document.timeZone]);
}
