import { createRootRoute, createRoute, lazyRouteComponent, redirect, retainSearchParams } from "@tanstack/react-router";
import { ApiError } from "@/api/error";
import { adopt, chooseSandbox, sessionQuery } from "@/api/session";
import { queryClient } from "./queryClient";

interface RootSearch {
  /** The sandbox a link is about; it stays in the address from page to page. */
  sandbox?: string;
}

export const rootRoute = createRootRoute({
  validateSearch: (search: Record<string, unknown>): RootSearch =>
    typeof search.sandbox === "string" ? { sandbox: search.sandbox } : {},
  search: { middlewares: [retainSearchParams(["sandbox"])] },
});

/** Every page that needs somebody signed in; who isn't is led to the sign-in page and back. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: lazyRouteComponent(() => import("./Shell"), "Shell"),
  beforeLoad: async ({ location, search }) => {
    if (search.sandbox !== undefined) chooseSandbox(search.sandbox);
    try {
      adopt(await queryClient.ensureQueryData(sessionQuery));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        throw redirect({ to: "/sign-in", search: { next: location.href } });
      }
      throw error;
    }
  },
});
