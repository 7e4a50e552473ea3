import { DialogContainer } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { credentialsQuery, rolesQuery, useMayInOrganization, usersQuery } from "./people";
import { RoleDialog } from "./RoleDialog";
import { TabHead } from "./TabHead";
import { useRoleWords } from "./useRoleWords";

/** What people and programs may do. */
export function Roles() {
  const t = useT();
  const words = useRoleWords();
  const search = useSearch({ from: "/shell/people" });
  const navigate = useNavigate();
  const roles = useQuery(rolesQuery);
  const users = useQuery({ ...usersQuery, enabled: useMayInOrganization("users.read") });
  const credentials = useQuery({ ...credentialsQuery, enabled: useMayInOrganization("credentials.read") });
  const mayWrite = useMayInOrganization("roles.write");
  const open = (role: string | undefined) => void navigate({ to: "/people", search: { ...search, role } });
  if (roles.error) return <ErrorNotice error={roles.error} onRetry={() => void roles.refetch()} />;
  if (roles.data === undefined) return <Loading />;
  const opened = roles.data.find((role) => role.id === search.role);
  const holders = (id: string) => ({
    users: (users.data ?? []).filter((user) => user.roles.includes(id)).map((user) => user.name || user.email),
    credentials: (credentials.data ?? []).filter((one) => one.roles.includes(id)).map((one) => one.clientId),
  });
  return (
    <>
      <TabHead
        detail={t("people.roles.detail")}
        create={<CreateButton name={t("people.roles.create")} may={mayWrite} onPress={() => open("new")} />}
      />
      <FigureTable
        caption={t("people.tab.roles")}
        isWhole
        stacks
        onOpen={open}
        columns={[
          { id: "name", name: t("people.column.name") },
          { id: "kind", name: t("people.column.kind"), isText: true },
          { id: "sandboxes", name: t("people.tab.sandboxes"), isText: true },
          { id: "holders", name: t("people.column.holders"), isText: true },
        ]}
        rows={roles.data.map((role) => {
          const { users: names, credentials: clients } = holders(role.id);
          return {
            id: role.id,
            cells: {
              name: words.name(role),
              kind: t(`people.kind.${role.roleType}`),
              sandboxes: role.sandboxes.includes("*") ? t("people.sandboxes.all") : role.sandboxes.join(", ") || "–",
              holders: t("people.holders", { users: names.length, credentials: clients.length }),
            },
            detail: words.detail(role),
          };
        })}
      />
      <DialogContainer onDismiss={() => open(undefined)}>
        {(opened !== undefined || search.role === "new") && (
          <RoleDialog
            key={search.role}
            role={opened ?? null}
            holders={opened === undefined ? null : holders(opened.id)}
            onClose={() => open(undefined)}
          />
        )}
      </DialogContainer>
    </>
  );
}
