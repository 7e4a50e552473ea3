import { KINDS } from "@/activities/registry";
import type { JourneyNode } from "@/flow/document";
import { handleOf } from "@/flow/graph";

const SILENT = () => "";

/** Handles of all ways out of an activity. */
export const handlesOf = (node: JourneyNode): string[] =>
  KINDS[node.type].ways(node, SILENT).map((way) => handleOf(way.kind, way.path));

/** The handle at which the story goes on; null for an end. */
export const firstHandle = (node: JourneyNode): string | null => handlesOf(node)[0] ?? null;

/** Whether a kind of activity may stand behind another. */
export const mayFollow = (node: JourneyNode, previous: JourneyNode): boolean => KINDS[node.type].canFollow(previous);
