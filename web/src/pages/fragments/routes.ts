import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

export interface FragmentsSearch {
  q?: string;
  state?: "draft" | "active";
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
      state: search.state === "draft" || search.state === "active" ? search.state : undefined,
      tag: text(search.tag),
      page: Number.isInteger(page) && page > 0 ? page : undefined,
    };
  },
  component: lazyRouteComponent(() => import("./FragmentsPage"), "FragmentsPage"),
});

export const fragmentsRoutes = [fragmentsRoute] as const;
