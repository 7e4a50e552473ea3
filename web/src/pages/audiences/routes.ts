import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readAudienceSearch } from "./audienceSearch";

const audiencesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "audiences",
  component: lazyRouteComponent(() => import("./AudiencesPage"), "AudiencesPage"),
});

const audienceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "audiences/$id",
  validateSearch: readAudienceSearch,
  component: lazyRouteComponent(() => import("./AudiencePage"), "AudiencePage"),
});

export const audiencesRoutes = [audiencesRoute, audienceRoute] as const;
