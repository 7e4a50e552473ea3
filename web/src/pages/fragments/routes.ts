import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { STATES } from "@/designer/fragments/fragments";

export interface FragmentsSearch {
  q?: string;
  state?: (typeof STATES)[number];
  tag?: string;
  page?: number;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const fragmentsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "fragments",
  validateSearch: (search: Record<string, unknown>): FragmentsSearch => {
    const page = Number(search.page);
    return {
      q: text(search.q),
      state: STATES.find((one) => one === search.state),
      tag: text(search.tag),
      page: Number.isInteger(page) && page > 0 ? page : undefined,
    };
  },
  component: lazyRouteComponent(() => import("./FragmentsPage"), "FragmentsPage"),
});

export const fragmentsRoutes = [fragmentsRoute] as const;
