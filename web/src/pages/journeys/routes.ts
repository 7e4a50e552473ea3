import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readJourneysSearch } from "./journeysSearch";
import { readReportSearch } from "./reportSearch";

const indexRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/journeys", search: {} });
  },
});

const journeysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys",
  validateSearch: readJourneysSearch,
  component: lazyRouteComponent(() => import("./JourneysPage"), "JourneysPage"),
});

interface JourneySearch {
  /** Page of versions, from 0. */
  page?: number;
  /** Uids of the versions to compare. */
  pick?: string[];
}

const journeyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys/$uid",
  validateSearch: (search: Record<string, unknown>): JourneySearch => {
    const page = Number(search.page);
    const pick = Array.isArray(search.pick) ? search.pick.filter((one) => typeof one === "string").slice(0, 2) : [];
    return {
      page: Number.isInteger(page) && page > 0 ? page : undefined,
      pick: pick.length > 0 ? pick : undefined,
    };
  },
  component: lazyRouteComponent(() => import("./JourneyPage"), "JourneyPage"),
});

const reportRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys/$uid/report/$versionUid",
  validateSearch: readReportSearch,
  component: lazyRouteComponent(() => import("./ReportPage"), "ReportPage"),
});

export const journeysRoutes = [indexRoute, journeysRoute, journeyRoute, reportRoute] as const;
