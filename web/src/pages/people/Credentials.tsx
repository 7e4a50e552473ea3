import { DialogContainer } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
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
import { CredentialDialog, CredentialRoles } from "./CredentialDialog";
import {
  type Credential,
  credentialsQuery,
  deleteCredential,
  enableCredential,
  rolesQuery,
  useMayInOrganization,
} from "./people";
import { TabHead } from "./TabHead";
import { useRoleWords } from "./useRoleWords";

type Opened = { kind: "make" } | { kind: "roles"; credential: Credential } | null;

/** Programs that call the APIs. */
export function Credentials() {
  const t = useT();
  const words = useRoleWords();
  const credentials = useQuery(credentialsQuery);
  const roles = useQuery({ ...rolesQuery, enabled: useMayInOrganization("roles.read") });
  const mayWrite = useMayInOrganization("credentials.write");
  const [opened, setOpened] = useState<Opened>(null);
  const nameOf = (id: string) => words.nameOf(id, roles.data);
  if (credentials.error) return <ErrorNotice error={credentials.error} onRetry={() => void credentials.refetch()} />;
  if (credentials.data === undefined) return <Loading />;
  return (
    <>
      <TabHead
        detail={t("people.credentials.detail")}
        create={
          <CreateButton
            name={t("people.credentials.create")}
            may={mayWrite}
            onPress={() => setOpened({ kind: "make" })}
          />
        }
      />
      <FigureTable
        caption={t("people.tab.credentials")}
        isWhole
        stacks
        columns={[
          { id: "id", name: t("people.column.clientId") },
          { id: "roles", name: t("people.roles"), isText: true },
          { id: "status", name: t("people.column.status"), isText: true },
          { id: "created", name: t("people.column.created"), isText: true },
          { id: "actions", name: t("people.column.actions"), isUnnamed: true },
        ]}
        rows={credentials.data.map((one) => ({
          id: one.clientId,
          cells: {
            id: one.clientId,
            roles: one.roles.map(nameOf).join(", ") || t("people.roles.none"),
            status: (
              <Light tone={one.enabled ? "positive" : "neutral"}>
                {t(`people.status.${one.enabled ? "active" : "disabled"}`)}
              </Light>
            ),
            created: <Time value={one.createdAt} />,
            actions: (
              <CredentialActions credential={one} onRoles={() => setOpened({ kind: "roles", credential: one })} />
            ),
          },
        }))}
      />
      <DialogContainer onDismiss={() => setOpened(null)}>
        {opened?.kind === "make" ? (
          <CredentialDialog onClose={() => setOpened(null)} />
        ) : opened?.kind === "roles" ? (
          <CredentialRoles credential={opened.credential} onClose={() => setOpened(null)} />
        ) : null}
      </DialogContainer>
    </>
  );
}

function CredentialActions({ credential, onRoles }: { credential: Credential; onRoles: () => void }) {
  const t = useT();
  const mayWrite = useMayInOrganization("credentials.write");
  const mayDelete = useMayInOrganization("credentials.delete");
  const mayGive = useMayInOrganization("roles.write");
  const [asked, setAsked] = useState<"disable" | "delete" | null>(null);
  const invalidates = [["people"]];
  const name = credential.clientId;
  const enable = useAct((enabled: boolean) => enableCredential(name, enabled), {
    invalidates,
    done: (_, enabled) => t(enabled ? "people.done.enabled" : "people.done.disabled", { name }),
  });
  const remove = useAct(() => deleteCredential(name), { invalidates, done: t("people.done.deleted", { name }) });
  return (
    <>
      <RowMenu
        name={name}
        items={[
          { id: "roles", name: t("people.act.roles"), isOffered: mayGive },
          { id: "disable", name: t("people.act.disable"), isOffered: mayWrite && credential.enabled },
          { id: "enable", name: t("people.act.enable"), isOffered: mayWrite && !credential.enabled },
          { id: "delete", name: t("people.act.delete"), isOffered: mayDelete },
        ]}
        onAction={(id) => {
          if (id === "roles") onRoles();
          else if (id === "enable") enable.mutate(true);
          else setAsked(id);
        }}
      />
      <Asked
        isOpen={asked !== null}
        title={t(asked === "delete" ? "people.delete.title" : "people.disable.title", { name })}
        confirm={t(`people.act.${asked ?? "disable"}`)}
        onConfirm={() => (asked === "delete" ? remove.mutate() : enable.mutate(false))}
        onClose={() => setAsked(null)}
      >
        {t(asked === "delete" ? "people.delete.credential" : "people.disable.credential")}
      </Asked>
    </>
  );
}
