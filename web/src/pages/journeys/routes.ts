import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

const indexRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/journeys" });
  },
});

const journeysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys",
  component: lazyRouteComponent(() => import("./JourneysPage"), "JourneysPage"),
});

export const journeysRoutes = [indexRoute, journeysRoute] as const;
