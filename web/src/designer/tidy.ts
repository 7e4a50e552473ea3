import type { JourneyDocument, NodeId, Position } from "@/flow/document";
import { edgesOf, handleOf } from "@/flow/graph";
import { handlesOf } from "./kinds";

const WIDTH = 210;
const HEAD = 50;
const ROW = 22;

/** Places by ELK's layered layout, which crosses few arrows and keeps the order of the ways. Loaded when asked for. */
export async function tidy(document: JourneyDocument): Promise<Record<NodeId, Position>> {
  const { default: Elk } = await import("elkjs/lib/elk.bundled.js");
  const elk = new Elk();
  const graph = await elk.layout({
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.layered.spacing.nodeNodeBetweenLayers": "90",
      "elk.spacing.nodeNode": "40",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    },
    children: Object.entries(document.nodes).map(([id, node]) => {
      const handles = handlesOf(node);
      return {
        id,
        width: WIDTH,
        height: HEAD + (handles.length > 1 ? handles.length * ROW : 0),
        layoutOptions: { "elk.portConstraints": "FIXED_ORDER" },
        ports: [
          { id: `${id}|in`, layoutOptions: { "elk.port.side": "WEST" } },
          // the order of ports goes round clockwise: on the right from top to bottom
          ...handles.map((handle, index) => ({
            id: `${id}|out|${handle}`,
            layoutOptions: { "elk.port.side": "EAST", "elk.port.index": String(index) },
          })),
        ],
      };
    }),
    edges: edgesOf(document)
      .filter(({ from, to, kind, path }) => {
        const source = document.nodes[from];
        return (
          source !== undefined && document.nodes[to] !== undefined && handlesOf(source).includes(handleOf(kind, path))
        );
      })
      .map(({ from, to, kind, path }, index) => ({
        id: `e${index}`,
        sources: [`${from}|out|${handleOf(kind, path)}`],
        targets: [`${to}|in`],
      })),
  });
  return Object.fromEntries((graph.children ?? []).map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
}
