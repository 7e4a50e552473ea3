import {
  type FitViewOptions,
  type ReactFlowInstance,
  useNodesInitialized,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import type { NodeId } from "@/flow/document";
import { beginning, shiftFromPanel } from "./inView";

const MARGIN_PX = 24;
/** When the panel that opens has made the canvas narrower. */
const PANEL_MS = 100;

/** Keeps the activity that a panel is about from being hidden by the panel; null: the panel is about none. */
export function useInView(id: NodeId | null): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  useEffect(() => {
    if (id === null) return;
    const timer = requestAnimationFrame(() => {
      const node = flow.getInternalNode(id);
      const frame = store.getState().domNode?.getBoundingClientRect();
      if (node === undefined || frame === undefined) return;
      const { x, y, zoom } = flow.getViewport();
      const { x: left } = flow.flowToScreenPosition(node.internals.positionAbsolute);
      const by = shiftFromPanel({ left, right: left + (node.measured.width ?? 0) * zoom }, frame, MARGIN_PX);
      if (by !== 0) void flow.setViewport({ x: x + by, y, zoom });
    });
    return () => cancelAnimationFrame(timer);
  }, [id, flow, store]);
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
