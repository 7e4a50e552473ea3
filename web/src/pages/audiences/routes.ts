import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

const audiencesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "audiences",
  component: lazyRouteComponent(() => import("./AudiencesPage"), "AudiencesPage"),
});

const audienceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "audiences/$id",
  component: lazyRouteComponent(() => import("./AudiencePage"), "AudiencePage"),
});

export const audiencesRoutes = [audiencesRoute, audienceRoute] as const;
