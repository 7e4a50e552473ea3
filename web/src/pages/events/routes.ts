import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readEventSearch, readEventsSearch, readNewEventSearch } from "./eventsSearch";

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

const newEventRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "events/new",
  validateSearch: readNewEventSearch,
  component: lazyRouteComponent(() => import("./EventEditor"), "NewEventPage"),
});

const editEventRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "events/$uid/edit",
  component: lazyRouteComponent(() => import("./EventEditor"), "EditEventPage"),
});

export const eventsRoutes = [eventsRoute, newEventRoute, eventRoute, editEventRoute] as const;
