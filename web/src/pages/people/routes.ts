import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

export const TABS = ["users", "credentials", "roles", "sandboxes"] as const;

interface PeopleSearch {
  tab?: (typeof TABS)[number];
  q?: string;
  /** Id of the role that is looked at, or `new`. */
  role?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "people",
  validateSearch: (search: Record<string, unknown>): PeopleSearch => ({
    tab: TABS.find((tab) => tab === search.tab),
    q: text(search.q),
    role: text(search.role),
  }),
  component: lazyRouteComponent(() => import("./PeoplePage"), "PeoplePage"),
});

export const peopleRoutes = [peopleRoute] as const;
