import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { Session } from "@/api/session";
import { useSession } from "@/api/useSession";

const ADMIN = "/data/foundation/access-control/administration";
const SANDBOXES = "/data/foundation/sandbox-management/sandboxes";

/** docs/reference/sign-in.md. */
export interface User {
  id: string;
  name: string;
  email: string;
  locale: string | null;
  roles: string[];
  enabled: boolean;
  status: "invited" | "active" | "disabled";
  organization: string;
  lastSignInAt: string | null;
  createdAt: string;
  createdBy: string;
}

export interface Invited extends User {
  /** Shown this once; null for a guest from another organisation. */
  invitationUrl: string | null;
  invitationExpiresAt: string | null;
}

export interface Link {
  url: string;
  expiresAt: string;
}

/** docs/reference/permissions.md. */
export interface Credential {
  clientId: string;
  technicalAccountId: string;
  enabled: boolean;
  roles: string[];
  createdAt: number;
}

export interface Role {
  id: string;
  name: string;
  description: string;
  roleType: "system-defined" | "user-defined";
  permissionSets: string[];
  permissions: string[];
  sandboxes: string[];
  subjectAttributes: { labels: string[] };
  etag: string | null;
}

export interface Sandbox {
  name: string;
  title: string;
  type: "production" | "development";
  state: string;
  isDefault: boolean;
  createdDate: string;
  createdBy: string;
}

export interface PermissionSet {
  id: string;
  name: string;
  category: string;
  permissions: { resource: string; actions: string[] }[];
}

export const usersQuery = queryOptions({
  queryKey: ["people", "users"],
  queryFn: async () => (await call<{ users: User[] }>("GET", "/parcours/users")).users,
});

export const credentialsQuery = queryOptions({
  queryKey: ["people", "credentials"],
  queryFn: async () =>
    (await call<{ credentials: Credential[] }>("GET", `${ADMIN}/credentials?limit=1000`)).credentials,
});

export const rolesQuery = queryOptions({
  queryKey: ["people", "roles"],
  queryFn: async () => (await call<{ roles: Role[] }>("GET", `${ADMIN}/roles?limit=1000`)).roles,
});

export const sandboxesQuery = queryOptions({
  queryKey: ["people", "sandboxes"],
  queryFn: async () => (await call<{ sandboxes: Sandbox[] }>("GET", `${SANDBOXES}?limit=1000`)).sandboxes,
});

/** Every permission there is. */
export const referenceQuery = queryOptions({
  queryKey: ["people", "reference"],
  queryFn: () =>
    call<{ permissions: Record<string, Record<string, string[]>>; "resource-types": Record<string, string[]> }>(
      "GET",
      "/data/foundation/access-control/acl/reference",
    ),
  staleTime: Number.POSITIVE_INFINITY,
});

export const permissionSetsQuery = queryOptions({
  queryKey: ["people", "permissionSets"],
  queryFn: async () =>
    (await call<{ "permission-sets": PermissionSet[] }>("GET", `${ADMIN}/products/parcours/permission-sets`))[
      "permission-sets"
    ],
  staleTime: Number.POSITIVE_INFINITY,
});

const of = (id: string) => encodeURIComponent(id);

export const invite = (body: { email: string; name: string; roles: string[] }) =>
  call<Invited>("POST", "/parcours/users", { body });
export const changeUser = (id: string, body: Partial<Pick<User, "name" | "email" | "roles" | "enabled">>) =>
  call<User>("PATCH", `/parcours/users/${of(id)}`, { body });
export const deleteUser = (id: string) => call<void>("DELETE", `/parcours/users/${of(id)}`);
export const resetLink = (id: string) => call<Link>("POST", `/parcours/users/${of(id)}/resetLink`);

export const createCredential = (body: { clientId?: string; roles: string[] }) =>
  call<Credential & { clientSecret: string }>("POST", `${ADMIN}/credentials`, { body });
export const enableCredential = (clientId: string, enabled: boolean) =>
  call<Credential>("PATCH", `${ADMIN}/credentials/${of(clientId)}`, { body: { enabled } });
export const deleteCredential = (clientId: string) => call<void>("DELETE", `${ADMIN}/credentials/${of(clientId)}`);

/** Give a credential exactly these roles: what it lacks is given, what it has besides is taken. */
export async function giveRoles(clientId: string, before: readonly string[], after: readonly string[]): Promise<void> {
  const change = (role: string, op: "add" | "remove") =>
    call("PATCH", `${ADMIN}/roles/${of(role)}/subjects`, {
      body: [{ op, path: "/api-integration", value: clientId }],
    });
  for (const role of after) if (!before.includes(role)) await change(role, "add");
  for (const role of before) if (!after.includes(role)) await change(role, "remove");
}

export type RoleBody = Pick<Role, "name" | "description" | "permissionSets" | "permissions" | "sandboxes">;

export const saveRole = (role: Role | null, body: RoleBody) =>
  role === null
    ? call<Role>("POST", `${ADMIN}/roles`, { body })
    : call<Role>("PUT", `${ADMIN}/roles/${of(role.id)}`, {
        body,
        headers: role.etag === null ? {} : { "if-match": role.etag },
      });
export const deleteRole = (id: string) => call<void>("DELETE", `${ADMIN}/roles/${of(id)}`);

export const createSandbox = (body: Pick<Sandbox, "name" | "title" | "type">) =>
  call<Sandbox>("POST", SANDBOXES, { body });
export const resetSandbox = (name: string) =>
  call<Sandbox>("PUT", `${SANDBOXES}/${of(name)}`, { body: { action: "reset" } });
export const deleteSandbox = (name: string) => call<Sandbox>("DELETE", `${SANDBOXES}/${of(name)}`);

/** Whether the session may do something in the organisation, that is in every sandbox. */
export function mayInOrganization(session: Session & { organizationPermissions?: string[] }, name: string): boolean {
  return session.organizationPermissions?.includes(name) ?? false;
}

export function useMayInOrganization(permission: string): boolean {
  return mayInOrganization(useSession(), permission);
}
