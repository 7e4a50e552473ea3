import { useIntl } from "react-intl";
import type { PermissionSet, Role } from "./people";

/** What the server brings along, in the reader's language; what somebody named stays as it is. */
export function useRoleWords() {
  const { messages, formatMessage } = useIntl();
  const told = (id: string, own: string) => (id in messages ? formatMessage({ id }) : own);
  const ofRole = (role: Role, part: "name" | "detail", own: string) =>
    role.roleType === "system-defined" ? told(`people.readyMade.${role.id}.${part}`, own) : own;
  const name = (role: Role) => ofRole(role, "name", role.name);
  return {
    name,
    /** The id itself of a role that isn't among them. */
    nameOf: (id: string, roles: readonly Role[] = []) => {
      const role = roles.find((one) => one.id === id);
      return role === undefined ? id : name(role);
    },
    detail: (role: Role) => ofRole(role, "detail", role.description),
    set: (one: PermissionSet) => told(`people.set.${one.id}`, one.name),
    category: (category: string) => told(`people.category.${category.replaceAll(" ", "")}`, category),
  };
}
