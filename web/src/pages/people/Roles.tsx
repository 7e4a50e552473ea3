import { Cell, Column, DialogContainer, Row, TableBody, TableHeader, TableView } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { credentialsQuery, rolesQuery, useMayInOrganization, usersQuery } from "./people";
import styles from "./people.module.css";
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
      <TableView aria-label={t("people.tab.roles")} overflowMode="wrap" onAction={(key) => open(String(key))}>
        <TableHeader>
          <Column key="name" isRowHeader minWidth={240} width="2fr">
            {t("people.column.name")}
          </Column>
          <Column key="kind" width={150}>
            {t("people.column.kind")}
          </Column>
          <Column key="sandboxes" minWidth={140}>
            {t("people.tab.sandboxes")}
          </Column>
          <Column key="holders" minWidth={200}>
            {t("people.column.holders")}
          </Column>
        </TableHeader>
        <TableBody items={roles.data.map((one) => ({ ...one }))}>
          {(role) => {
            const { users: names, credentials: clients } = holders(role.id);
            return (
              <Row key={role.id}>
                <Cell textValue={words.name(role)}>
                  <div className={styles.two}>
                    <span>{words.name(role)}</span>
                    <small className={styles.small}>{words.detail(role)}</small>
                  </div>
                </Cell>
                <Cell>{t(`people.kind.${role.roleType}`)}</Cell>
                <Cell>
                  {role.sandboxes.includes("*") ? t("people.sandboxes.all") : role.sandboxes.join(", ") || "–"}
                </Cell>
                <Cell>{t("people.holders", { users: names.length, credentials: clients.length })}</Cell>
              </Row>
            );
          }}
        </TableBody>
      </TableView>
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
