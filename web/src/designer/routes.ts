import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

const designerRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys/$uid/versions/$versionUid",
  component: lazyRouteComponent(() => import("./DesignerPage"), "DesignerPage"),
});

export const designerRoutes = [designerRoute] as const;
