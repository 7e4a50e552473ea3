import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readPoliciesSearch } from "./policies";

const policiesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "approval-policies",
  validateSearch: readPoliciesSearch,
  component: lazyRouteComponent(() => import("./PoliciesPage"), "PoliciesPage"),
});

export const approvalsRoutes = [policiesRoute] as const;
