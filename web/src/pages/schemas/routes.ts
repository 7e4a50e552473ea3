import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

export const SCHEMA_TABS = ["fields", "identities", "sample", "json"] as const;

interface SchemasSearch {
  q?: string;
  /** `$id` of a class. */
  class?: string;
  page?: number;
}

interface SchemaSearch {
  tab?: (typeof SCHEMA_TABS)[number];
  q?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const schemasRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "schemas",
  validateSearch: (search: Record<string, unknown>): SchemasSearch => {
    const page = Number(search.page);
    return {
      q: text(search.q),
      class: text(search.class),
      page: Number.isInteger(page) && page > 0 ? page : undefined,
    };
  },
  component: lazyRouteComponent(() => import("./SchemasPage"), "SchemasPage"),
});

const schemaRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "schemas/$id",
  validateSearch: (search: Record<string, unknown>): SchemaSearch => ({
    tab: SCHEMA_TABS.find((one) => one === search.tab),
    q: text(search.q),
  }),
  component: lazyRouteComponent(() => import("./SchemaPage"), "SchemaPage"),
});

export const schemasRoutes = [schemasRoute, schemaRoute] as const;
