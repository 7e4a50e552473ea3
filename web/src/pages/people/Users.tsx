import { DialogContainer } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { CreateButton } from "@/ui/CreateButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { RowMenu } from "@/ui/RowMenu";
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
import { TabHead } from "./TabHead";
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
      <TabHead
        detail={t("people.users.count", { count: users.data.length })}
        create={<CreateButton name={t("people.invite")} may={mayWrite} onPress={() => setOpened({ kind: "invite" })} />}
      />
      <FigureTable
        caption={t("people.tab.users")}
        isWhole
        stacks
        columns={[
          { id: "name", name: t("people.column.name") },
          { id: "roles", name: t("people.roles"), isText: true },
          { id: "status", name: t("people.column.status"), isText: true },
          { id: "seen", name: t("people.column.signedIn"), isText: true },
          { id: "actions", name: t("people.column.actions"), isUnnamed: true },
        ]}
        rows={users.data.map((user) => ({
          id: user.id,
          detail: user.email,
          cells: {
            name: user.name || "–",
            roles: user.roles.map(nameOf).join(", ") || t("people.roles.none"),
            status: <Light tone={TONES[user.status]}>{t(`people.status.${user.status}`)}</Light>,
            seen: user.lastSignInAt === null ? "–" : <Time value={user.lastSignInAt} />,
            actions: (
              <UserActions
                user={user}
                onEdit={() => setOpened({ kind: "edit", user })}
                onLink={(link) => setOpened({ kind: "link", user, link })}
              />
            ),
          },
        }))}
      />
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
  const invited = user.status === "invited";
  return (
    <>
      <RowMenu
        name={name}
        items={[
          { id: "edit", name: t("people.act.edit"), isOffered: mayWrite },
          { id: "invitation", name: t("people.act.invitation"), isOffered: mayWrite && user.enabled && invited },
          { id: "resetLink", name: t("people.act.resetLink"), isOffered: mayWrite && user.enabled && !invited },
          { id: "disable", name: t("people.act.disable"), isOffered: mayWrite && user.enabled && !isMe },
          { id: "enable", name: t("people.act.enable"), isOffered: mayWrite && !user.enabled },
          { id: "delete", name: t("people.act.delete"), isOffered: mayDelete && !isMe },
        ]}
        onAction={(id) => {
          if (id === "edit") onEdit();
          else if (id === "invitation" || id === "resetLink") link.mutate();
          else if (id === "delete") setAsked(true);
          else enable.mutate(id === "enable");
        }}
      />
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
