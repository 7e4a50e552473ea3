import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

export const TABS = ["policies", "labels", "marketingActions"] as const;

interface UsageSearch {
  tab?: (typeof TABS)[number];
  /** Id of the policy that is open, or name of the label or marketing action; `new`. */
  open?: string;
}

const usageRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "usage-policies",
  validateSearch: (search: Record<string, unknown>): UsageSearch => ({
    tab: TABS.find((tab) => tab === search.tab),
    open: typeof search.open === "string" && search.open !== "" ? search.open : undefined,
  }),
  component: lazyRouteComponent(() => import("./UsagePage"), "UsagePage"),
});

export const governanceRoutes = [usageRoute] as const;
