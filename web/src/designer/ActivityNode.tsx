import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { KINDS } from "@/activities/registry";
import type { Fault } from "@/api/error";
import type { JourneyNode } from "@/flow/document";
import { handleOf } from "@/flow/graph";
import { useT } from "@/i18n/useT";
import { useFaultText } from "@/ui/useFaultText";
import styles from "./ActivityNode.module.css";
import { JumpEntry } from "./JumpEntry";
import { titleOf } from "./labels";
import { useNamesOf } from "./namesContext";
import { useOverlay } from "./overlay";

export interface ActivityData extends Record<string, unknown> {
  node: JourneyNode;
  isEntry: boolean;
  faults: readonly Fault[];
}

export type ActivityFlowNode = Node<ActivityData, "activity">;

const ROW_PX = 22;

/** One activity: its name, what it does, its ways out, and what is wrong with it. */
export const ActivityNode = memo(function ActivityNode({ id, data, selected }: NodeProps<ActivityFlowNode>) {
  const t = useT();
  const faultText = useFaultText();
  const names = useNamesOf();
  const overlay = useOverlay((state) => state.nodes[id]);
  const { node, isEntry, faults } = data;
  const kind = KINDS[node.type];
  const ways = kind.ways(node, t);
  const summary = kind.summary(node, names, t);
  const named = ways.filter((way) => way.label !== "");
  const errors = faults.filter((fault) => fault.severity !== "warning").length;
  return (
    <div
      className={styles.node}
      data-group={kind.group}
      data-selected={selected || undefined}
      data-faulty={errors > 0 || undefined}
      data-dimmed={overlay?.dimmed || undefined}
      data-highlighted={overlay?.highlighted || undefined}
      data-tone={overlay?.tone}
    >
      {!isEntry && <Handle type="target" position={Position.Left} className={styles.handle} />}
      <div className={styles.head}>
        <span className={styles.icon} aria-hidden>
          <kind.icon size="S" />
        </span>
        <span className={styles.texts}>
          <span className={styles.title}>{titleOf(node, names, t)}</span>
          {(summary !== "" || !kind.isComplete) && (
            <span className={styles.summary}>{summary || t("designer.unconfigured")}</span>
          )}
        </span>
        {faults.length > 0 && (
          <span
            className={styles.faults}
            data-warning={errors === 0 || undefined}
            title={faults.map((fault) => faultText(fault.message, fault.path)).join("\n")}
          >
            {t("designer.faults.badge", { count: faults.length })}
          </span>
        )}
      </div>
      {isEntry && <JumpEntry />}
      {named.length > 0 && (
        <ul className={styles.ways}>
          {ways.map((way) => (
            <li key={handleOf(way.kind, way.path)} data-kind={way.kind} style={{ height: ROW_PX }}>
              <span>{way.label || t("designer.way.on")}</span>
              <Handle
                type="source"
                position={Position.Right}
                id={handleOf(way.kind, way.path)}
                className={styles.handle}
                data-kind={way.kind}
              />
            </li>
          ))}
        </ul>
      )}
      {named.length === 0 && ways.length > 0 && (
        <Handle type="source" position={Position.Right} id={handleOf("default", undefined)} className={styles.handle} />
      )}
      {overlay?.badge !== undefined && (
        <span className={styles.badge} data-tone={overlay.tone ?? "neutral"}>
          {overlay.badge}
        </span>
      )}
      {overlay?.tokens !== undefined && overlay.tokens > 0 && (
        <span className={styles.tokens} aria-hidden>
          {"●".repeat(Math.min(8, overlay.tokens))}
          {overlay.tokens > 8 ? ` ${overlay.tokens}` : ""}
        </span>
      )}
    </div>
  );
});
