import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";
import { useOverlay } from "./overlay";
import styles from "./WayEdge.module.css";

export interface WayData extends Record<string, unknown> {
  kind: string;
  /** Something is being dragged over it that would be inserted. */
  isTarget?: boolean;
  /** Which of the arrows between the same two activities it is, from the middle one at 0, so that labels don't meet. */
  lane?: number;
}

export type WayFlowEdge = Edge<WayData, "way">;

/** The height of a label and a little more, in pixels. */
const LABEL = 22;

/** An arrow; alternative ways, on an error or a timeout, are broken lines. */
export const WayEdge = memo(function WayEdge(props: EdgeProps<WayFlowEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, selected, markerEnd } = props;
  const overlay = useOverlay((state) => state.edges[id]);
  const [path, labelX, labelY] = getSmoothStepPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
    borderRadius: 12,
  });
  const isAlternative = data?.kind === "error" || data?.kind === "timeout";
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        markerEnd={markerEnd}
        className={styles.edge}
        data-selected={selected || undefined}
        data-target={data?.isTarget || undefined}
        data-highlighted={overlay?.highlighted || undefined}
        data-tone={overlay?.tone}
        style={{ strokeDasharray: isAlternative ? "6 4" : undefined, opacity: overlay?.dimmed ? 0.35 : 1 }}
        interactionWidth={24}
      />
      {overlay?.label !== undefined && (
        <EdgeLabelRenderer>
          <span
            className={styles.label}
            style={{
              transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY + (data?.lane ?? 0) * LABEL}px)`,
            }}
          >
            {overlay.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
