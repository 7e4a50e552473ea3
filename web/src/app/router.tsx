import { createRouter } from "@tanstack/react-router";
import { designerRoutes } from "@/designer/routes";
import { accessRoutes } from "@/pages/access/routes";
import { accountRoutes } from "@/pages/account/routes";
import { actionsRoutes } from "@/pages/actions/routes";
import { alertsRoutes } from "@/pages/alerts/routes";
import { approvalsRoutes } from "@/pages/approvals/routes";
import { audiencesRoutes } from "@/pages/audiences/routes";
import { auditRoutes } from "@/pages/audit/routes";
import { dataSourcesRoutes } from "@/pages/dataSources/routes";
import { datasetsRoutes } from "@/pages/datasets/routes";
import { eventsRoutes } from "@/pages/events/routes";
import { fragmentsRoutes } from "@/pages/fragments/routes";
import { governanceRoutes } from "@/pages/governance/routes";
import { inboxRoutes } from "@/pages/inbox/routes";
import { inletsRoutes } from "@/pages/inlets/routes";
import { journeysRoutes } from "@/pages/journeys/routes";
import { operationsRoutes } from "@/pages/operations/routes";
import { peopleRoutes } from "@/pages/people/routes";
import { profilesRoutes } from "@/pages/profiles/routes";
import { rulesRoutes } from "@/pages/rules/routes";
import { schemasRoutes } from "@/pages/schemas/routes";
import { settingsRoutes } from "@/pages/settings/routes";
import { templatesRoutes } from "@/pages/templates/routes";
import { NotFound, RouteFault } from "./RouteFault";
import { rootRoute, shellRoute } from "./routes";

const routeTree = rootRoute.addChildren([
  ...accessRoutes,
  shellRoute.addChildren([
    ...journeysRoutes,
    ...designerRoutes,
    ...fragmentsRoutes,
    ...eventsRoutes,
    ...schemasRoutes,
    ...datasetsRoutes,
    ...inletsRoutes,
    ...profilesRoutes,
    ...audiencesRoutes,
    ...governanceRoutes,
    ...inboxRoutes,
    ...actionsRoutes,
    ...rulesRoutes,
    ...templatesRoutes,
    ...dataSourcesRoutes,
    ...operationsRoutes,
    ...alertsRoutes,
    ...auditRoutes,
    ...approvalsRoutes,
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
