import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "@/app/routes";

interface SignInSearch {
  /** The page to go on to. */
  next?: string;
  /** Why an outside provider sent the person back. */
  error?: string;
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

/** Only a page of this site: never an address of another. */
const pageOfOurs = (value: unknown) => (typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : undefined);

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-in",
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    next: pageOfOurs(search.next),
    error: text(search.error),
  }),
  component: lazyRouteComponent(() => import("./SignInPage"), "SignInPage"),
});

/** The link that the first start printed. */
const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "setup",
  component: lazyRouteComponent(() => import("./OneTimePage"), "SetupPage"),
});

/** An invitation, or a link to choose a new password. */
const joinRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "join",
  component: lazyRouteComponent(() => import("./OneTimePage"), "JoinPage"),
});

export const accessRoutes = [signInRoute, setupRoute, joinRoute] as const;
