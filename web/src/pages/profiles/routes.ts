import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readProfileSearch } from "./profiles";

const profilesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "profiles",
  validateSearch: readProfileSearch,
  component: lazyRouteComponent(() => import("./ProfilesPage"), "ProfilesPage"),
});

export const profilesRoutes = [profilesRoute] as const;
