import { queryOptions } from "@tanstack/react-query";
import { api, context, read } from "./client";

export interface Sandbox {
  name: string;
  title: string;
  type: string;
}

/** Who is signed in (docs/reference/sign-in.md). */
export interface Session {
  user: { id: string; name: string; email: string; locale: string | null };
  csrfToken: string;
  organizations: { id: string; name: string; tenantId: string }[];
  organization: string;
  sandboxes: Sandbox[];
  permissions: Record<string, string[]>;
  expiresAt: string;
}

const SANDBOX_KEY = "parcours.sandbox";

/** Take what later calls need from a session, and the sandbox that was chosen last. */
export function adopt(session: Session): Session {
  context.csrfToken = session.csrfToken;
  const wanted = localStorage.getItem(SANDBOX_KEY);
  const names = session.sandboxes.map((sandbox) => sandbox.name);
  context.sandbox = (names.includes(wanted ?? "") ? wanted : names.includes("prod") ? "prod" : names[0]) ?? "prod";
  return session;
}

/** Remember a sandbox; everything is read anew after it. */
export function chooseSandbox(name: string): void {
  localStorage.setItem(SANDBOX_KEY, name);
  context.sandbox = name;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => adopt(await read<Session>(api.GET("/parcours/session", {}))),
  staleTime: 5 * 60_000,
  retry: false,
});

/** Whether the session may do something in the sandbox in use. */
export function may(session: Session, permission: string): boolean {
  return session.permissions[context.sandbox]?.includes(permission) ?? false;
}
