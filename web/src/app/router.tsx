import { createRouter } from "@tanstack/react-router";
import { designerRoutes } from "@/designer/routes";
import { accessRoutes } from "@/pages/access/routes";
import { accountRoutes } from "@/pages/account/routes";
import { alertsRoutes } from "@/pages/alerts/routes";
import { auditRoutes } from "@/pages/audit/routes";
import { eventsRoutes } from "@/pages/events/routes";
import { journeysRoutes } from "@/pages/journeys/routes";
import { operationsRoutes } from "@/pages/operations/routes";
import { peopleRoutes } from "@/pages/people/routes";
import { settingsRoutes } from "@/pages/settings/routes";
import { templatesRoutes } from "@/pages/templates/routes";
import { NotFound, RouteFault } from "./RouteFault";
import { rootRoute, shellRoute } from "./routes";

const routeTree = rootRoute.addChildren([
  ...accessRoutes,
  shellRoute.addChildren([
    ...journeysRoutes,
    ...designerRoutes,
    ...eventsRoutes,
    ...templatesRoutes,
    ...operationsRoutes,
    ...alertsRoutes,
    ...auditRoutes,
    ...peopleRoutes,
    ...settingsRoutes,
    ...accountRoutes,
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultErrorComponent: RouteFault,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
