import { useSuspenseQuery } from "@tanstack/react-query";
import { may, type Session, sessionQuery } from "./session";

/** The session in use; only below the shell, which has loaded it. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

/** Whether the user may do something in the sandbox in use, such as `journeys.publish`. */
export function useMay(permission: string): boolean {
  return may(useSession(), permission);
}
