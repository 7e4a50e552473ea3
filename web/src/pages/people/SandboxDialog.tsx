import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  Form,
  Heading,
  Item,
  Picker,
  TextField,
} from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { createSandbox } from "./people";

const TYPES = ["development", "production"] as const;

/** A new sandbox. */
export function SandboxDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [name, setName] = useState("");
  const [title, setTitle] = useState("");
  const [type, setType] = useState<(typeof TYPES)[number]>("development");
  const create = useAct(() => createSandbox({ name: name.trim(), title: title.trim() || name.trim(), type }), {
    invalidates: [["people"], ["session"]],
    showsError: true,
    done: t("people.done.created", { name }),
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("people.sandboxes.create")}</Heading>
      <Divider />
      <Content>
        {create.error && <ErrorNotice error={create.error} />}
        <Form id="sandbox" onSubmit={submit} validationBehavior="native">
          <TextField
            label={t("people.field.sandboxName")}
            description={t("people.field.sandboxNameDetail")}
            value={name}
            onChange={setName}
            pattern="[a-z][a-z0-9\-]*"
            maxLength={256}
            isRequired
            autoFocus
          />
          <TextField label={t("people.field.title")} value={title} onChange={setTitle} />
          <Picker
            label={t("people.column.kind")}
            selectedKey={type}
            onSelectionChange={(key) => setType(TYPES.find((one) => one === key) ?? "development")}
            items={TYPES.map((id) => ({ id }))}
          >
            {(item) => <Item>{t(`people.sandbox.${item.id}`)}</Item>}
          </Picker>
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="sandbox" isPending={create.isPending}>
          {t("common.create")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
