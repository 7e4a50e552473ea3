import { Button, ButtonGroup, Content, Dialog, Divider, Form, Heading, Text, TextField } from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { Once } from "./Once";
import { type Invited, invite, type Link, type User } from "./people";
import { RolePicker } from "./RolePicker";

/** Invite somebody; then the one-time link is shown, as no mail is sent. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const [made, setMade] = useState<Invited | null>(null);
  const create = useAct(() => invite({ email: email.trim(), name: name.trim(), roles }), {
    invalidates: [["people"]],
    showsError: true,
    onDone: setMade,
  });
  if (made !== null) {
    const link =
      made.invitationUrl === null ? null : { url: made.invitationUrl, expiresAt: made.invitationExpiresAt ?? "" };
    return <LinkDialog user={made} link={link} onClose={onClose} />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("people.invite")}</Heading>
      <Divider />
      <Content>
        {create.error && <ErrorNotice error={create.error} />}
        <Form id="invite" onSubmit={submit} validationBehavior="native">
          <TextField
            label={t("people.field.email")}
            type="email"
            value={email}
            onChange={setEmail}
            isRequired
            autoFocus
            autoComplete="off"
          />
          <TextField label={t("people.field.name")} value={name} onChange={setName} autoComplete="off" />
          <RolePicker roles={roles} onChange={setRoles} />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="invite" isPending={create.isPending}>
          {t("people.invite.button")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}

/** A one-time link to hand over. */
export function LinkDialog({ user, link, onClose }: { user: User; link: Link | null; onClose: () => void }) {
  const t = useT();
  const kind = user.status === "invited" ? "invitation" : "reset";
  return (
    <Dialog size="M">
      <Heading>{t(`people.link.${kind}`, { name: user.name || user.email })}</Heading>
      <Divider />
      <Content>
        {link === null ? (
          <Text>{t("people.link.guest")}</Text>
        ) : (
          <>
            <Text>{t("people.link.detail")}</Text>
            <Once label={t("people.link.label")} text={link.url} />
            <Text>
              {t("people.link.until")} <Time value={link.expiresAt} />
            </Text>
          </>
        )}
      </Content>
      <ButtonGroup>
        <Button variant="accent" onPress={onClose} autoFocus>
          {t("common.close")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
