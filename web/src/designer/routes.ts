import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readDesignerSearch } from "./designerSearch";

const designerRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys/$uid/versions/$versionUid",
  validateSearch: readDesignerSearch,
  component: lazyRouteComponent(() => import("./DesignerPage"), "DesignerPage"),
});

interface Compared {
  /** Uids of the earlier and the later version. */
  from?: string;
  to?: string;
  /** The activity whose members are shown. */
  node?: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const compareRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "journeys/$uid/compare",
  validateSearch: ({ from, to, node }: Record<string, unknown>): Compared => ({
    from: text(from),
    to: text(to),
    node: text(node),
  }),
  component: lazyRouteComponent(() => import("./compare/ComparePage"), "ComparePage"),
});

export const designerRoutes = [designerRoute, compareRoute] as const;
