import { ActionButton, Divider, Form, Text, TextArea, TextField, View } from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import { Suspense } from "react";
import { KINDS } from "@/activities/registry";
import type { Fault } from "@/api/error";
import type { JourneyNode, NodeId } from "@/flow/document";
import { remove, replace } from "@/flow/edit";
import { useT } from "@/i18n/useT";
import { Boundary } from "@/ui/Boundary";
import { Loading } from "@/ui/Loading";
import { stay } from "@/ui/stay";
import { useFaultText } from "@/ui/useFaultText";
import { useDraft, useDraftStore } from "./draftContext";
import { handlesOf } from "./kinds";
import { spokenTitle } from "./labels";
import { useNamesOf } from "./namesContext";
import styles from "./Panel.module.css";
import { PanelHead } from "./PanelHead";
import { WaysOut } from "./WaysOut";

interface Props {
  id: NodeId;
  faults: readonly Fault[];
  onClose: () => void;
}

/** Everything about the one activity that is selected. */
export function Inspector({ id, faults, onClose }: Props) {
  const t = useT();
  const faultText = useFaultText();
  const names = useNamesOf();
  const store = useDraftStore();
  const document = useDraft((draft) => draft.document);
  const isReadOnly = useDraft((draft) => draft.isReadOnly);
  const node = document.nodes[id];
  if (node === undefined) return null;
  const kind = KINDS[node.type];

  const change = (next: JourneyNode, member = "form") => {
    const { document: now, change: apply } = store.getState();
    apply(replace(now, id, next, new Set(handlesOf(next))), `${id} ${member}`);
  };
  const setText = (member: "label" | "description") => (text: string) => {
    const { [member]: _, ...rest } = node;
    change(text === "" ? (rest as JourneyNode) : { ...node, [member]: text }, member);
  };
  const takeAway = () => {
    const { document: now, change: apply, select } = store.getState();
    apply(remove(now, new Set([id])));
    select([]);
    onClose();
  };

  return (
    <aside className={styles.panel} aria-label={t("designer.inspector.of", { name: spokenTitle(id, node, names, t) })}>
      <PanelHead title={t(`activities.${node.type}.name`)} onClose={onClose} start={<kind.icon size="S" />}>
        {!isReadOnly && (
          <ActionButton isQuiet onPress={takeAway} aria-label={t("designer.delete")}>
            <Delete />
          </ActionButton>
        )}
      </PanelHead>
      <Text UNSAFE_className={styles.id}>{id}</Text>
      {faults.length > 0 && (
        <ul className={styles.faults} aria-label={t("designer.faults")}>
          {faults.map((fault) => (
            <li key={`${fault.code}${fault.path}`} data-warning={fault.severity === "warning" || undefined}>
              {faultText(fault.message, fault.path)}
            </li>
          ))}
        </ul>
      )}
      <Form onSubmit={stay} isReadOnly={isReadOnly} marginTop="size-100">
        <TextField
          label={t("designer.label")}
          value={typeof node.label === "string" ? node.label : ""}
          onChange={setText("label")}
          maxLength={255}
        />
        <TextArea
          label={t("designer.description")}
          value={typeof node.description === "string" ? node.description : ""}
          onChange={setText("description")}
        />
      </Form>
      <Divider size="S" marginY="size-200" />
      <View>
        <Boundary key={id}>
          <Suspense fallback={<Loading />}>
            <kind.Form key={id} nodeId={id} node={node} document={document} onChange={change} isReadOnly={isReadOnly} />
          </Suspense>
        </Boundary>
      </View>
      {!isReadOnly && <WaysOut id={id} node={node} />}
    </aside>
  );
}
