import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";

interface SettingsSearch {
  q?: string;
  /** Only those that somebody set. */
  changed?: true;
}

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "settings",
  validateSearch: (search: Record<string, unknown>): SettingsSearch => ({
    q: typeof search.q === "string" && search.q !== "" ? search.q : undefined,
    changed: search.changed === true || undefined,
  }),
  component: lazyRouteComponent(() => import("./SettingsPage"), "SettingsPage"),
});

export const settingsRoutes = [settingsRoute] as const;
