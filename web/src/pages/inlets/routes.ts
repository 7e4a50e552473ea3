import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

const inletsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "inlets",
  component: lazyRouteComponent(() => import("./InletsPage"), "InletsPage"),
});

const newInletRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "inlets/new",
  component: lazyRouteComponent(() => import("./NewInletPage"), "NewInletPage"),
});

const inletRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "inlets/$id",
  component: lazyRouteComponent(() => import("./InletPage"), "InletPage"),
});

export const inletsRoutes = [inletsRoute, newInletRoute, inletRoute] as const;
