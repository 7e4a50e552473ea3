import { type FitViewOptions, type ReactFlowInstance, useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";
import type { NodeId } from "@/flow/document";
import { type Box, shiftInto } from "./inView";

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
      const { x: left, y: top } = flow.flowToScreenPosition(node.internals.positionAbsolute);
      const box: Box = {
        left,
        top,
        right: left + (node.measured.width ?? 0) * zoom,
        bottom: top + (node.measured.height ?? 0) * zoom,
      };
      const by = shiftInto(box, frame, MARGIN_PX);
      if (by.x !== 0 || by.y !== 0) void flow.setViewport({ x: x + by.x, y: y + by.y, zoom });
    });
    return () => cancelAnimationFrame(timer);
  }, [id, flow, store]);
}

/** Goes to an activity whose panel opens. */
export function lookAt(flow: ReactFlowInstance, id: NodeId, options: FitViewOptions): void {
  setTimeout(() => void flow.fitView({ nodes: [{ id }], ...options }), PANEL_MS);
}
