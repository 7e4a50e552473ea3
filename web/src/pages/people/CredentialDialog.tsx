import { Button, ButtonGroup, Content, Dialog, Divider, Form, Heading, Text, TextField } from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useSession } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { Once } from "./Once";
import { type Credential, createCredential, giveRoles } from "./people";
import { RolePicker } from "./RolePicker";

/** Make a credential; then its secret is shown this once. */
export function CredentialDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const organization = useSession().organization;
  const [clientId, setClientId] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const create = useAct(() => createCredential({ ...(clientId.trim() && { clientId: clientId.trim() }), roles }), {
    invalidates: [["people"]],
    showsError: true,
  });
  const made = create.data;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  if (made !== undefined) {
    return (
      <Dialog size="M">
        <Heading>{t("people.secret.title")}</Heading>
        <Divider />
        <Content>
          <Text>{t("people.secret.detail")}</Text>
          <Once label={t("people.column.clientId")} text={made.clientId} />
          <Once label={t("people.secret.secret")} text={made.clientSecret} />
          <Once label={t("people.secret.organization")} text={organization} />
        </Content>
        <ButtonGroup>
          <Button variant="accent" onPress={onClose}>
            {t("people.secret.kept")}
          </Button>
        </ButtonGroup>
      </Dialog>
    );
  }
  return (
    <Dialog size="M">
      <Heading>{t("people.credentials.create")}</Heading>
      <Divider />
      <Content>
        {create.error && <ErrorNotice error={create.error} />}
        <Form id="credential" onSubmit={submit} validationBehavior="native">
          <TextField
            label={t("people.column.clientId")}
            description={t("people.credentials.idDetail")}
            value={clientId}
            onChange={setClientId}
            autoFocus
            autoComplete="off"
          />
          <RolePicker roles={roles} onChange={setRoles} />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="credential" isPending={create.isPending}>
          {t("common.create")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}

export function CredentialRoles({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const t = useT();
  const [roles, setRoles] = useState(credential.roles);
  const save = useAct(() => giveRoles(credential.clientId, credential.roles, roles), {
    invalidates: [["people"]],
    showsError: true,
    done: t("people.done.saved", { name: credential.clientId }),
    onDone: onClose,
  });
  return (
    <Dialog size="M">
      <Heading>{t("people.roles.of", { name: credential.clientId })}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <RolePicker roles={roles} onChange={setRoles} />
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" isPending={save.isPending} onPress={() => save.mutate()}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
