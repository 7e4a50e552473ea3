import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";
import type { NodeId } from "@/flow/document";
import { type Box, shiftInto } from "./inView";

/** When a jump to the activity has come to its end; what it did is not undone. */
const DELAY_MS = 250;
const MARGIN_PX = 24;
const DURATION_MS = 200;

/** Keeps the activity that a panel is about from being hidden by the panel; null: the panel is about none. */
export function useInView(id: NodeId | null): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  useEffect(() => {
    if (id === null) return;
    const timer = setTimeout(() => {
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
      if (by.x !== 0 || by.y !== 0)
        void flow.setViewport({ x: x + by.x, y: y + by.y, zoom }, { duration: DURATION_MS });
    }, DELAY_MS);
    return () => clearTimeout(timer);
  }, [id, flow, store]);
}
