import { Button, ButtonGroup, Content, Dialog, Divider, Form, Heading, TextField } from "@adobe/react-spectrum";
import type { QueryKey } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { type Collection, type Named, saveNamed } from "./governance";

interface Props {
  collection: Collection;
  /** null: a new one. */
  named: Named | null;
  queryKey: QueryKey;
  onClose: () => void;
}

/** A label or a marketing action of the sandbox's own. */
export function NamedDialog({ collection, named, queryKey, onClose }: Props) {
  const t = useT();
  const isLabel = collection === "labels";
  const [name, setName] = useState(named?.name ?? "");
  const [friendlyName, setFriendlyName] = useState(named?.friendlyName ?? "");
  const [description, setDescription] = useState(named?.description ?? "");
  const save = useAct(
    () => saveNamed(collection, name.trim(), isLabel && friendlyName ? { friendlyName, description } : { description }),
    { invalidates: [queryKey], showsError: true, done: t("governance.done.saved"), onDone: onClose },
  );
  const isReady = name.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending && isReady) save.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t(named === null ? `governance.new.${collection}` : `governance.edit.${collection}`)}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <Form id="named" onSubmit={submit}>
          <TextField
            label={t("governance.column.name")}
            description={t("governance.field.name.help")}
            value={name}
            onChange={setName}
            maxLength={100}
            isRequired
            isReadOnly={named !== null}
            autoFocus={named === null}
          />
          {isLabel ? (
            <TextField
              label={t("governance.field.friendlyName")}
              value={friendlyName}
              onChange={setFriendlyName}
              maxLength={256}
            />
          ) : (
            <></>
          )}
          <TextField
            label={t("governance.field.description")}
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
        <Button variant="accent" type="submit" form="named" isPending={save.isPending} isDisabled={!isReady}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
