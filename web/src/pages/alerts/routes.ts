import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readAlertsSearch } from "./alerts";

const alertsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "alerts",
  validateSearch: readAlertsSearch,
  component: lazyRouteComponent(() => import("./AlertsPage"), "AlertsPage"),
});

export const alertsRoutes = [alertsRoute] as const;
