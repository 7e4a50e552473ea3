import { type FitViewOptions, type ReactFlowInstance, useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";
import type { NodeId } from "@/flow/document";
import { shiftFromPanel } from "./inView";

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
