import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readOperationsSearch } from "./operationsSearch";

const operationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "operations",
  validateSearch: readOperationsSearch,
  component: lazyRouteComponent(() => import("./OperationsPage"), "OperationsPage"),
});

export const operationsRoutes = [operationsRoute] as const;
