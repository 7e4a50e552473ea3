import { Button, ButtonGroup, Content, Dialog, Divider, Form, Heading, Text, TextField } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { createDecisionRule, LISTS } from "../decisionRules";

interface Props {
  expression: string;
  /** What it is called to begin with. */
  name: string;
  onSaved: (uid: string) => void;
  onClose: () => void;
}

/** A condition that was written in a journey becomes a decision rule, which the path then refers to. */
export function SaveRuleDialog({ expression, name: first, onSaved, onClose }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [name, setName] = useState(first.slice(0, 100));
  const [description, setDescription] = useState("");
  const save = useAct(() => createDecisionRule({ name, description, tags: [], expression }), {
    invalidates: [],
    showsError: true,
    done: t("rules.done.saved", { name }),
    onDone: async (made) => {
      // the list has it before the path names it, which else would look gone for a moment
      await Promise.all(LISTS.map((queryKey) => queries.invalidateQueries({ queryKey })));
      onSaved(made.uid);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && !save.isPending) save.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("activities.rule.save")}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <Text>{t("activities.rule.save.detail")}</Text>
        <Form id="rule" onSubmit={submit} validationBehavior="native" marginTop="size-150">
          <TextField
            label={t("rules.column.name")}
            value={name}
            onChange={setName}
            maxLength={100}
            isRequired
            autoFocus
          />
          <TextField label={t("rules.description")} value={description} onChange={setDescription} maxLength={4000} />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="rule" isPending={save.isPending} isDisabled={name.trim() === ""}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
