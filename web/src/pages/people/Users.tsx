import {
  ActionMenu,
  Button,
  Cell,
  Column,
  DialogContainer,
  Flex,
  Item,
  Row,
  TableBody,
  TableHeader,
  TableView,
  Text,
} from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { InviteDialog, LinkDialog } from "./InviteDialog";
import {
  changeUser,
  deleteUser,
  type Link,
  resetLink,
  rolesQuery,
  type User,
  useMayInOrganization,
  usersQuery,
} from "./people";
import styles from "./people.module.css";
import { UserDialog } from "./UserDialog";
import { useRoleWords } from "./useRoleWords";

const TONES = { active: "positive", invited: "info", disabled: "neutral" } as const;

type Opened = { kind: "invite" } | { kind: "edit"; user: User } | { kind: "link"; user: User; link: Link } | null;

/** People who sign in. */
export function Users() {
  const t = useT();
  const words = useRoleWords();
  const users = useQuery(usersQuery);
  const roles = useQuery({ ...rolesQuery, enabled: useMayInOrganization("roles.read") });
  const mayWrite = useMayInOrganization("users.write");
  const [opened, setOpened] = useState<Opened>(null);
  const nameOf = (id: string) => words.nameOf(id, roles.data);
  if (users.error) return <ErrorNotice error={users.error} onRetry={() => void users.refetch()} />;
  if (users.data === undefined) return <Loading />;
  return (
    <>
      <Flex wrap justifyContent="space-between" alignItems="center" marginBottom="size-150" gap="size-200">
        <Text>{t("people.users.count", { count: users.data.length })}</Text>
        {mayWrite && (
          <Button variant="accent" onPress={() => setOpened({ kind: "invite" })}>
            <Add />
            <Text>{t("people.invite")}</Text>
          </Button>
        )}
      </Flex>
      <TableView aria-label={t("people.tab.users")} overflowMode="wrap">
        <TableHeader>
          <Column key="name" isRowHeader minWidth={200}>
            {t("people.column.name")}
          </Column>
          <Column key="roles" minWidth={180}>
            {t("people.roles")}
          </Column>
          <Column key="status" width={150}>
            {t("people.column.status")}
          </Column>
          <Column key="seen" width={180}>
            {t("people.column.signedIn")}
          </Column>
          <Column key="actions" width={60} align="end" hideHeader>
            {t("people.column.actions")}
          </Column>
        </TableHeader>
        <TableBody items={users.data.map((one) => ({ ...one }))}>
          {(user) => (
            <Row key={user.id}>
              <Cell textValue={user.name}>
                <div className={styles.two}>
                  <span>{user.name || "–"}</span>
                  <small className={styles.small}>{user.email}</small>
                </div>
              </Cell>
              <Cell>{user.roles.map(nameOf).join(", ") || t("people.roles.none")}</Cell>
              <Cell textValue={user.status}>
                <Light tone={TONES[user.status]}>{t(`people.status.${user.status}`)}</Light>
              </Cell>
              <Cell>{user.lastSignInAt === null ? "–" : <Time value={user.lastSignInAt} />}</Cell>
              <Cell textValue={t("common.actionsOf", { name: user.name || user.email })}>
                <UserActions
                  user={user}
                  onEdit={() => setOpened({ kind: "edit", user })}
                  onLink={(link) => setOpened({ kind: "link", user, link })}
                />
              </Cell>
            </Row>
          )}
        </TableBody>
      </TableView>
      <DialogContainer onDismiss={() => setOpened(null)}>
        {opened?.kind === "invite" ? (
          <InviteDialog onClose={() => setOpened(null)} />
        ) : opened?.kind === "edit" ? (
          <UserDialog user={opened.user} onClose={() => setOpened(null)} />
        ) : opened?.kind === "link" ? (
          <LinkDialog user={opened.user} link={opened.link} onClose={() => setOpened(null)} />
        ) : null}
      </DialogContainer>
    </>
  );
}

interface ActionsProps {
  user: User;
  onEdit: () => void;
  onLink: (link: Link) => void;
}

function UserActions({ user, onEdit, onLink }: ActionsProps) {
  const t = useT();
  const me = useSession().user.id;
  const [mayWrite, mayDelete] = [useMayInOrganization("users.write"), useMayInOrganization("users.delete")];
  const [isAsked, setAsked] = useState(false);
  const invalidates = [["people"]];
  const name = user.name || user.email;
  const enable = useAct((enabled: boolean) => changeUser(user.id, { enabled }), {
    invalidates,
    done: (_, enabled) => t(enabled ? "people.done.enabled" : "people.done.disabled", { name }),
  });
  const link = useAct(() => resetLink(user.id), { invalidates, onDone: onLink });
  const remove = useAct(() => deleteUser(user.id), { invalidates, done: t("people.done.deleted", { name }) });
  const isMe = user.id === me;
  const offered = [
    { id: "edit", isOffered: mayWrite },
    { id: user.status === "invited" ? "invitation" : "resetLink", isOffered: mayWrite && user.enabled },
    { id: "disable", isOffered: mayWrite && user.enabled && !isMe },
    { id: "enable", isOffered: mayWrite && !user.enabled },
    { id: "delete", isOffered: mayDelete && !isMe },
  ].filter((one) => one.isOffered);
  if (offered.length === 0) return null;
  const choose = (key: string) => {
    if (key === "edit") onEdit();
    else if (key === "invitation" || key === "resetLink") link.mutate();
    else if (key === "delete") setAsked(true);
    else enable.mutate(key === "enable");
  };
  return (
    <>
      <ActionMenu
        isQuiet
        aria-label={t("common.actionsOf", { name })}
        items={offered}
        onAction={(key) => choose(String(key))}
      >
        {(item) => <Item>{t(`people.act.${item.id}`)}</Item>}
      </ActionMenu>
      <Asked
        isOpen={isAsked}
        title={t("people.delete.title", { name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("people.delete.user")}
      </Asked>
    </>
  );
}
