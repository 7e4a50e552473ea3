import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readEventSearch, readEventsSearch } from "./eventsSearch";

const eventsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "events",
  validateSearch: readEventsSearch,
  component: lazyRouteComponent(() => import("./EventsPage"), "EventsPage"),
});

const eventRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "events/$uid",
  validateSearch: readEventSearch,
  component: lazyRouteComponent(() => import("./EventPage"), "EventPage"),
});

export const eventsRoutes = [eventsRoute, eventRoute] as const;
