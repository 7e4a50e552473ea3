import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readInboxSearch } from "./inbox";

const inboxRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "inbox",
  validateSearch: readInboxSearch,
  component: lazyRouteComponent(() => import("./InboxPage"), "InboxPage"),
});

const TABS = ["shown", "text", "headers", "fate"] as const;

const messageRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "inbox/$uid",
  validateSearch: (search: Record<string, unknown>): { tab?: (typeof TABS)[number] } => ({
    tab: TABS.find((one) => one === search.tab),
  }),
  component: lazyRouteComponent(() => import("./MessagePage"), "MessagePage"),
});

export const inboxRoutes = [inboxRoute, messageRoute] as const;
