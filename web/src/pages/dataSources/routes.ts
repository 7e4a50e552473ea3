import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

const sourcesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "data-sources",
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === "string" && search.q !== "" ? { q: search.q } : {},
  component: lazyRouteComponent(() => import("./SourcesPage"), "SourcesPage"),
});

const newSourceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "data-sources/new",
  component: lazyRouteComponent(() => import("./SourceEditor"), "NewSourcePage"),
});

const sourceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "data-sources/$uid",
  component: lazyRouteComponent(() => import("./SourcePage"), "SourcePage"),
});

export const dataSourcesRoutes = [sourcesRoute, newSourceRoute, sourceRoute] as const;
