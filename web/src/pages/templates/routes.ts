import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readChannelsSearch, readNewTemplateSearch, readTemplateSearch, readTemplatesSearch } from "./search";

const templatesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "templates",
  validateSearch: readTemplatesSearch,
  component: lazyRouteComponent(() => import("./TemplatesPage"), "TemplatesPage"),
});

const newTemplateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "templates/new",
  validateSearch: readNewTemplateSearch,
  component: lazyRouteComponent(() => import("./TemplatePage"), "NewTemplatePage"),
});

const templateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "templates/$uid",
  validateSearch: readTemplateSearch,
  component: lazyRouteComponent(() => import("./TemplatePage"), "TemplatePage"),
});

const channelsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "templates/channels",
  validateSearch: readChannelsSearch,
  component: lazyRouteComponent(() => import("./ChannelsPage"), "ChannelsPage"),
});

const channelRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "templates/channels/$uid",
  component: lazyRouteComponent(() => import("./ConfigurationPage"), "ConfigurationPage"),
});

export const templatesRoutes = [templatesRoute, newTemplateRoute, templateRoute, channelsRoute, channelRoute] as const;
