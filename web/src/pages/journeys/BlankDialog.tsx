import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  Form,
  Heading,
  TextArea,
  TextField,
} from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { BLANK } from "./create";
import { createJourney } from "./queries";

interface Props {
  onCreated: (uid: string, versionUid: string) => void;
  onClose: () => void;
}

export function BlankDialog({ onCreated, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useAct(() => createJourney({ ...BLANK(name.trim()), ...(description && { description }) }), {
    invalidates: [["journeys"]],
    showsError: true,
    onDone: (made) => onCreated(made.uid, made.latestVersionUid),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && !create.isPending) create.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("journeys.create.blank")}</Heading>
      <Divider />
      <Content>
        {create.error && <ErrorNotice error={create.error} />}
        <Form id="blank" onSubmit={submit} validationBehavior="native">
          <TextField
            label={t("journeys.field.name")}
            value={name}
            onChange={setName}
            maxLength={255}
            isRequired
            autoFocus
          />
          <TextArea
            label={t("journeys.field.description")}
            value={description}
            onChange={setDescription}
            maxLength={4000}
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="blank" isPending={create.isPending}>
          {t("journeys.create.open")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
