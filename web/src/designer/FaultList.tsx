import { ActionButton, Flex, Heading, Text } from "@adobe/react-spectrum";
import Close from "@spectrum-icons/workflow/Close";
import type { Fault } from "@/api/error";
import type { NodeId } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useFaultText } from "@/ui/useFaultText";
import { useDraft } from "./draftContext";
import { titleOf } from "./labels";
import { useNamesOf } from "./namesContext";
import styles from "./Panel.module.css";

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
      <Flex alignItems="center" gap="size-100">
        <Heading level={2} margin={0} flex>
          {t("designer.faults")}
        </Heading>
        <ActionButton isQuiet onPress={onClose} aria-label={t("designer.close")}>
          <Close />
        </ActionButton>
      </Flex>
      {error !== null && <ErrorNotice error={error} />}
      {error === null && faults.length === 0 && <Text>{t("designer.faults.none")}</Text>}
      <ul className={styles.faults}>
        {faults.map((fault) => {
          const node = fault.nodeId ? nodes[fault.nodeId] : undefined;
          const told = faultText(fault.message);
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
