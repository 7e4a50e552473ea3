import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readActionSearch, readActionsSearch, readNewSearch } from "./actionsSearch";

const actionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "actions",
  validateSearch: readActionsSearch,
  component: lazyRouteComponent(() => import("./ActionsPage"), "ActionsPage"),
});

const newActionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "actions/new",
  validateSearch: readNewSearch,
  component: lazyRouteComponent(() => import("./NewActionPage"), "NewActionPage"),
});

const actionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "actions/$uid",
  validateSearch: readActionSearch,
  component: lazyRouteComponent(() => import("./ActionPage"), "ActionPage"),
});

export const actionsRoutes = [actionsRoute, newActionRoute, actionRoute] as const;
