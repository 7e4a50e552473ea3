import { Text } from "@adobe/react-spectrum";
import type { Fault } from "@/api/error";
import type { NodeId } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useFaultText } from "@/ui/useFaultText";
import { useDraft } from "./draftContext";
import { titleOf } from "./labels";
import { useNamesOf } from "./namesContext";
import styles from "./Panel.module.css";
import { PanelHead } from "./PanelHead";

interface Props {
  faults: readonly Fault[];
  error: unknown;
  onOpen: (id: NodeId) => void;
  onClose: () => void;
}

/** Everything that is wrong; each line leads to its activity. */
export function FaultList({ faults, error, onOpen, onClose }: Props) {
  const t = useT();
  const faultText = useFaultText();
  const names = useNamesOf();
  const nodes = useDraft((draft) => draft.document.nodes);
  return (
    <aside className={styles.panel} aria-label={t("designer.faults")}>
      <PanelHead title={t("designer.faults")} onClose={onClose} />
      {error !== null && <ErrorNotice error={error} />}
      {error === null && faults.length === 0 && <Text>{t("designer.faults.none")}</Text>}
      <ul className={styles.faults}>
        {faults.map((fault) => {
          const node = fault.nodeId ? nodes[fault.nodeId] : undefined;
          const told = faultText(fault.message, fault.path);
          const text = node === undefined ? told : t("common.named", { name: titleOf(node, names, t), value: told });
          return (
            <li
              key={`${fault.code}${fault.path}${fault.message}`}
              data-warning={fault.severity === "warning" || undefined}
            >
              {node === undefined ? (
                text
              ) : (
                <button type="button" className={styles.faultButton} onClick={() => onOpen(fault.nodeId ?? "")}>
                  {text}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </aside>
  );
}
