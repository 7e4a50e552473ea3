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
  Item,
  Picker,
  TextField,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { ExpressionEditor } from "./ExpressionEditor";
import { EMPTY_GROUP, expressionOf, groupOf, isWhole } from "./expression";
import {
  labelsQuery,
  marketingActionsQuery,
  type Policy,
  policiesQuery,
  referenceOf,
  STATUSES,
  type Status,
  savePolicy,
  shortReference,
} from "./governance";
import { useNamedWords } from "./useNamedWords";

interface Props {
  /** null: a new one. */
  policy: Policy | null;
  onClose: () => void;
}

export function PolicyDialog({ policy, onClose }: Props) {
  const t = useT();
  const words = useNamedWords();
  const labels = useQuery(labelsQuery);
  const actions = useQuery(marketingActionsQuery);
  const [name, setName] = useState(policy?.name ?? "");
  const [description, setDescription] = useState(policy?.description ?? "");
  const [status, setStatus] = useState<Status>(policy?.status ?? "DRAFT");
  const [chosen, setChosen] = useState((policy?.marketingActionRefs ?? []).map(shortReference));
  const [group, setGroup] = useState(policy === null ? EMPTY_GROUP : groupOf(policy.deny));
  const deny = expressionOf(group);
  const save = useAct(
    async () => {
      if (deny === null) return;
      await savePolicy(policy?.id ?? null, {
        name: name.trim(),
        description,
        status,
        marketingActionRefs: chosen,
        deny,
      });
    },
    { invalidates: [policiesQuery.queryKey], showsError: true, done: t("governance.done.saved"), onDone: onClose },
  );
  const isReady = name.trim() !== "" && chosen.length > 0 && isWhole(group);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending && isReady) save.mutate();
  };
  const error = save.error ?? labels.error ?? actions.error;
  return (
    <Dialog size="L">
      <Heading>{t(policy === null ? "governance.policy.new" : "governance.policy.edit")}</Heading>
      <Divider />
      <Content>
        {error && <ErrorNotice error={error} />}
        {labels.data === undefined || actions.data === undefined ? (
          !error && <Loading />
        ) : (
          <Form id="usage-policy" onSubmit={submit}>
            <TextField
              label={t("governance.column.name")}
              value={name}
              onChange={setName}
              maxLength={100}
              isRequired
              autoFocus
            />
            <TextField
              label={t("governance.field.description")}
              value={description}
              onChange={setDescription}
              maxLength={4000}
            />
            <Picker
              label={t("governance.column.status")}
              selectedKey={status}
              onSelectionChange={(key) => setStatus(STATUSES.find((one) => one === key) ?? status)}
            >
              {STATUSES.map((one) => (
                <Item key={one}>{t(`governance.status.${one}`)}</Item>
              ))}
            </Picker>
            <Heading level={3} marginBottom={0}>
              {t("governance.field.deny")}
            </Heading>
            <ExpressionEditor
              group={group}
              labels={labels.data}
              onChange={setGroup}
              name={t("governance.field.deny")}
              depth={1}
            />
            <CheckboxGroup label={t("governance.field.for")} value={chosen} onChange={setChosen} isRequired>
              {actions.data.map((one) => (
                <Checkbox key={referenceOf(one)} value={referenceOf(one)}>
                  {words.of("marketingActions", one)}
                </Checkbox>
              ))}
            </CheckboxGroup>
          </Form>
        )}
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="usage-policy" isPending={save.isPending} isDisabled={!isReady}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
