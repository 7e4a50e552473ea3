import {
  Button,
  ButtonGroup,
  Checkbox,
  CheckboxGroup,
  Content,
  Dialog,
  Divider,
  Form,
  Heading,
  Switch,
  TextField,
} from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { PeopleChoice } from "./PeopleChoice";
import {
  ACTIONS,
  bodyOf,
  EMPTY,
  ENTRY_TYPES,
  isNamed,
  listOf,
  type Policy,
  type PolicyBody,
  policiesQuery,
  savePolicy,
} from "./policies";

interface Props {
  /** null: a new one. */
  policy: Policy | null;
  onClose: () => void;
}

export function PolicyDialog({ policy, onClose }: Props) {
  const t = useT();
  const [draft, setDraft] = useState<PolicyBody>(policy ?? EMPTY);
  const [tags, setTags] = useState(draft.conditions.tags.join(", "));
  const [names, setNames] = useState(draft.conditions.nameContains.join(", "));
  const change = (changed: Partial<PolicyBody>) => setDraft((now) => ({ ...now, ...changed }));
  const when = (changed: Partial<PolicyBody["conditions"]>) =>
    setDraft((now) => ({ ...now, conditions: { ...now.conditions, ...changed } }));
  const conditions = { ...draft.conditions, tags: listOf(tags), nameContains: listOf(names) };
  const save = useAct(() => savePolicy(policy?.uid ?? null, bodyOf({ ...draft, conditions })), {
    invalidates: [policiesQuery.queryKey, ["journeys"]],
    showsError: true,
    done: t("approvals.done.saved"),
    onDone: onClose,
  });
  const isWhole = draft.name.trim() !== "" && isNamed(draft.approvers);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending && isWhole) save.mutate();
  };
  return (
    <Dialog size="L">
      <Heading>{t(policy === null ? "approvals.policy.new" : "approvals.policy.edit")}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <Form id="policy" onSubmit={submit}>
          <TextField
            label={t("approvals.column.name")}
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={255}
            isRequired
            autoFocus
          />
          <TextField
            label={t("approvals.field.description")}
            value={draft.description}
            onChange={(description) => change({ description })}
            maxLength={4000}
          />
          <Switch
            isSelected={draft.state === "active"}
            onChange={(isOn) => change({ state: isOn ? "active" : "inactive" })}
          >
            {t("approvals.state.active")}
          </Switch>
          <Heading level={3} marginBottom={0}>
            {t("approvals.column.approvers")}
          </Heading>
          <PeopleChoice
            usersLabel={t("approvals.field.users")}
            rolesLabel={t("approvals.field.roles")}
            chosen={draft.approvers}
            onChange={(approvers) => change({ approvers })}
          />
          <Heading level={3} marginBottom={0}>
            {t("approvals.field.conditions")}
          </Heading>
          <TextField
            label={t("approvals.field.tags")}
            description={t("approvals.field.commas")}
            value={tags}
            onChange={setTags}
          />
          <TextField label={t("approvals.field.nameContains")} value={names} onChange={setNames} />
          <CheckboxGroup
            label={t("approvals.field.entryTypes")}
            value={draft.conditions.entryTypes}
            onChange={(entryTypes) => when({ entryTypes })}
          >
            {ENTRY_TYPES.map((one) => (
              <Checkbox key={one} value={one}>
                {t(`approvals.entry.${one}`)}
              </Checkbox>
            ))}
          </CheckboxGroup>
          <CheckboxGroup
            label={t("approvals.field.actions")}
            value={draft.conditions.actions}
            onChange={(actions) => when({ actions })}
          >
            {ACTIONS.map((one) => (
              <Checkbox key={one} value={one}>
                {t(`approvals.action.${one}`)}
              </Checkbox>
            ))}
          </CheckboxGroup>
          <PeopleChoice
            usersLabel={t("approvals.field.requesters")}
            rolesLabel={t("approvals.field.requesterRoles")}
            chosen={draft.conditions.requesters}
            onChange={(requesters) => when({ requesters })}
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="policy" isPending={save.isPending} isDisabled={!isWhole}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
