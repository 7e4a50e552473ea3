import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, read } from "@/api/client";
import type { JourneyDocument, NodeId } from "@/flow/document";
import { edgeId, edgesOf, handleOf } from "@/flow/graph";
import type { EdgeOverlay, NodeOverlay } from "../overlay";
import { handleOfTransition } from "./counters";

/** One thing that happened to an individual in a journey (docs/reference/step-events.md). */
export interface Step {
  seq: number;
  atUs: number;
  nodeId: NodeId | null;
  nodeName?: string;
  nodeType?: string;
  stepStatus: string;
  transition?: string;
  processed?: boolean;
  detail?: unknown;
  error?: unknown;
  action?: Record<string, unknown>;
  instanceEnded?: boolean;
}

/** One individual's stay in a version. */
export interface Instance {
  id: string;
  key: string;
  namespace: string;
  status: string;
  nodeId: NodeId | null;
  enteredAtUs: number;
  updatedAtUs: number;
  steps: Step[];
}

interface PageOf {
  results: Instance[];
  next: string | null;
}

const PAGE = 50;

const readPage = (versionUid: string, nodeId: NodeId | null, key: string, start: string, signal: AbortSignal) =>
  read<PageOf>(
    api.GET("/journey/orchestration/journeyVersions/{version_uid}/instances", {
      signal,
      params: {
        path: { version_uid: versionUid },
        query: {
          limit: PAGE,
          ...(nodeId ? { nodeId } : {}),
          ...(key ? { key } : {}),
          ...(start ? { start } : {}),
        },
      },
    }),
  );

/** Who stands at an activity or, without one, who is or was in the version; the latest entrance first. */
export const instancesQuery = (versionUid: string, nodeId: NodeId | null, key: string) =>
  infiniteQueryOptions({
    queryKey: ["journeys", "instances", versionUid, nodeId, key],
    queryFn: async ({ pageParam, signal }) => {
      for (let start = pageParam; ; ) {
        const page = await readPage(versionUid, nodeId, key, start, signal);
        // The server looks at so many at once; where those found are rare it has to be asked on.
        if (page.results.length > 0 || page.next === null) return page;
        start = page.next;
      }
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
    refetchInterval: 5_000,
  });

export const instanceQuery = (id: string) =>
  queryOptions({
    queryKey: ["journeys", "instance", id],
    queryFn: () =>
      read<Instance>(
        api.GET("/journey/orchestration/instances/{instance_id}", { params: { path: { instance_id: id } } }),
      ),
    refetchInterval: 3_000,
  });

/** The way of one individual on the canvas: what they passed stands out, the rest steps back. */
export function pathOverlay(
  document: JourneyDocument,
  instance: Instance,
): { nodes: Record<NodeId, NodeOverlay>; edges: Record<string, EdgeOverlay> } {
  const passed = new Set(instance.steps.map((step) => step.nodeId));
  const taken = new Set(
    instance.steps
      .filter((step) => step.transition)
      .map((step) => `${step.nodeId}|${handleOfTransition(step.transition ?? "")}`),
  );
  const failed = new Set(instance.steps.filter((step) => step.stepStatus === "error").map((step) => step.nodeId));
  const nodes = Object.keys(document.nodes).map((id): [NodeId, NodeOverlay] => [
    id,
    {
      highlighted: passed.has(id),
      dimmed: !passed.has(id),
      ...(instance.nodeId === id ? { tokens: 1 } : {}),
      ...(failed.has(id) ? { badge: "!", tone: "negative" as const } : {}),
    },
  ]);
  const edges = edgesOf(document).map((edge): [string, EdgeOverlay] => {
    const isTaken = taken.has(`${edge.from}|${handleOf(edge.kind, edge.path)}`) && passed.has(edge.to);
    return [edgeId(edge), { highlighted: isTaken, dimmed: !isTaken }];
  });
  return { nodes: Object.fromEntries(nodes), edges: Object.fromEntries(edges) };
}
