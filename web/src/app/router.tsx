import { createRouter } from "@tanstack/react-router";
import { designerRoutes } from "@/designer/routes";
import { accessRoutes } from "@/pages/access/routes";
import { journeysRoutes } from "@/pages/journeys/routes";
import { NotFound, RouteFault } from "./RouteFault";
import { rootRoute, shellRoute } from "./routes";

const routeTree = rootRoute.addChildren([
  ...accessRoutes,
  shellRoute.addChildren([...journeysRoutes, ...designerRoutes]),
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
