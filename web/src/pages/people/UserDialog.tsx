import { Button, ButtonGroup, Content, Dialog, Divider, Form, Heading, TextField } from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { changeUser, type User, useMayInOrganization } from "./people";
import { RolePicker } from "./RolePicker";

/** Name, address and roles of somebody. */
export function UserDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const t = useT();
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email);
  const [roles, setRoles] = useState(user.roles);
  const mayGive = useMayInOrganization("roles.write");
  const changed = {
    ...(name !== user.name && { name }),
    ...(email !== user.email && { email }),
    ...(mayGive && roles.join() !== user.roles.join() && { roles }),
  };
  const save = useAct(() => changeUser(user.id, changed), {
    invalidates: [["people"], ["session"]],
    showsError: true,
    done: t("people.done.saved", { name: name || email }),
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{user.name || user.email}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <Form id="user" onSubmit={submit} validationBehavior="native">
          <TextField label={t("people.field.name")} value={name} onChange={setName} autoComplete="off" />
          <TextField
            label={t("people.field.email")}
            type="email"
            value={email}
            onChange={setEmail}
            isRequired
            autoComplete="off"
          />
          <RolePicker roles={roles} onChange={setRoles} />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="accent"
          type="submit"
          form="user"
          isPending={save.isPending}
          isDisabled={Object.keys(changed).length === 0}
        >
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
