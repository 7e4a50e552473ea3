import { Checkbox, CheckboxGroup, Item, Picker } from "@adobe/react-spectrum";
import { useEffect } from "react";
import { useT } from "@/i18n/useT";
import { Note, Stack } from "../fields/Stack";
import { TimeoutField } from "../fields/TimeoutField";
import type { FormProps } from "../kind";
import { textsOf, withMembers } from "../members";
import { textOf } from "../ways";
import { LEAST_TIMEOUT_S, REACTIONS, sendersBefore } from "./reaction";

/** What of which message. */
export function ReactionForm(props: FormProps) {
  const { node, nodeId, document, onChange, isReadOnly } = props;
  const t = useT();
  const senders = sendersBefore(document, nodeId);
  const present = textOf(node.actionNodeId);
  const [only] = senders;
  useEffect(() => {
    if (!isReadOnly && only !== undefined && senders.length === 1 && present !== only) {
      onChange(withMembers(node, { actionNodeId: only }));
    }
  }, [isReadOnly, only, senders.length, present, node, onChange]);
  const reactions = textsOf(node.reactions);
  const choices = senders.map((id) => ({ id, name: document.nodes[id]?.label || id }));
  return (
    <Stack>
      {senders.length === 0 ? (
        <Note>{t("activities.reaction.noSender")}</Note>
      ) : (
        <Picker
          label={t("activities.reaction.of")}
          items={choices}
          selectedKey={present === "" ? null : present}
          isDisabled={isReadOnly}
          onSelectionChange={(key) => onChange(withMembers(node, { actionNodeId: String(key) }))}
          width="100%"
        >
          {(item) => <Item key={item.id}>{item.name}</Item>}
        </Picker>
      )}
      <CheckboxGroup
        label={t("activities.reaction.which")}
        value={reactions}
        isReadOnly={isReadOnly}
        validationState={reactions.length === 0 ? "invalid" : undefined}
        errorMessage={t("activities.problem.oneAtLeast")}
        onChange={(next) =>
          onChange(withMembers(node, { reactions: REACTIONS.filter((reaction) => next.includes(reaction)) }))
        }
      >
        {REACTIONS.map((reaction) => (
          <Checkbox key={reaction} value={reaction}>
            {t(`activities.reaction.${reaction}`)}
          </Checkbox>
        ))}
      </CheckboxGroup>
      <TimeoutField {...props} atLeast={LEAST_TIMEOUT_S} />
    </Stack>
  );
}
