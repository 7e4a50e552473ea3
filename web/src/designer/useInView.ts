import {
  type FitViewOptions,
  type ReactFlowInstance,
  useNodesInitialized,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import type { NodeId } from "@/flow/document";
import type { Panel } from "./designerSearch";
import { useDraftStore } from "./draftContext";
import { beginning, shiftIntoView } from "./inView";

const MARGIN_PX = 24;
/** When the panel that opens has made the canvas narrower. */
const PANEL_MS = 100;

/** Keeps an activity in sight when a panel makes the canvas narrower, the one that it is about or else the one selected:
 * the view is moved, at the same zoom. What is selected later was seen when it was. */
export function useInView(panel: Panel): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  const draft = useDraftStore();
  const kind = panel?.kind;
  const about = panel !== null && "id" in panel ? panel.id : null;
  useEffect(() => {
    if (kind === undefined) return;
    const { selected } = draft.getState();
    const id = about ?? (selected.size === 1 ? [...selected][0] : undefined);
    if (id === undefined) return;
    const timer = requestAnimationFrame(() => {
      const node = flow.getInternalNode(id);
      const frame = store.getState().domNode?.getBoundingClientRect();
      if (node === undefined || frame === undefined) return;
      const { x, y, zoom } = flow.getViewport();
      const at = flow.flowToScreenPosition(node.internals.positionAbsolute);
      const { width = 0, height = 0 } = node.measured;
      const right = shiftIntoView(
        { start: at.x, end: at.x + width * zoom },
        { start: frame.left, end: frame.right },
        MARGIN_PX,
      );
      const down = shiftIntoView(
        { start: at.y, end: at.y + height * zoom },
        { start: frame.top, end: frame.bottom },
        MARGIN_PX,
      );
      if (right !== 0 || down !== 0) void flow.setViewport({ x: x + right, y: y + down, zoom });
    });
    return () => cancelAnimationFrame(timer);
  }, [kind, about, flow, store, draft]);
}

/** Goes to an activity whose panel opens. */
export function lookAt(flow: ReactFlowInstance, id: NodeId, options: FitViewOptions): void {
  setTimeout(() => void flow.fitView({ nodes: [{ id }], ...options }), PANEL_MS);
}

/** How to look at the journey anew: whole, or at an activity where that would be too small to read. */
export function useBeginning(): (at: NodeId, options?: { duration: number }) => void {
  const flow = useReactFlow();
  const store = useStoreApi();
  return useCallback(
    (at, options) => {
      const { width, height } = store.getState();
      const nodes = flow.getNodes();
      if (nodes.length === 0 || width === 0) return;
      const activity = flow.getInternalNode(at) === undefined ? nodes.slice(0, 1) : [at];
      const view = beginning(flow.getNodesBounds(nodes), flow.getNodesBounds(activity), { width, height });
      void flow.setViewport(view, options);
    },
    [flow, store],
  );
}

/** Does so once, when the activities are measured. */
export function useBegin(at: NodeId, isOn: boolean): void {
  const begin = useBeginning();
  const isReady = useNodesInitialized();
  const hasBegun = useRef(!isOn);
  useEffect(() => {
    if (!isReady || hasBegun.current) return;
    hasBegun.current = true;
    begin(at);
  }, [isReady, at, begin]);
}
