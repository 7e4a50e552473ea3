import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export const DATASET_TABS = ["rows", "columns", "batches"] as const;

const whole = (value: unknown) => (Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined);

export interface DatasetSearch {
  tab?: (typeof DATASET_TABS)[number];
  page?: number;
  /** Where the page of rows begins: `next` of the one before. */
  before?: number;
}

const datasetsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "datasets",
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search.q) }),
  component: lazyRouteComponent(() => import("./DatasetsPage"), "DatasetsPage"),
});

const queryRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "datasets/query",
  validateSearch: (search: Record<string, unknown>): { sql?: string } => ({ sql: text(search.sql) }),
  component: lazyRouteComponent(() => import("./QueryPage"), "QueryPage"),
});

const datasetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "datasets/$id",
  validateSearch: (search: Record<string, unknown>): DatasetSearch => ({
    tab: DATASET_TABS.find((one) => one === search.tab),
    page: whole(search.page),
    before: whole(search.before),
  }),
  component: lazyRouteComponent(() => import("./DatasetPage"), "DatasetPage"),
});

export const datasetsRoutes = [datasetsRoute, queryRoute, datasetRoute] as const;
