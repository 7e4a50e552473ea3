import type { ComponentType } from "react";
import { KIND_ICONS } from "@/ui/kindIcons";

interface NavigationPage {
  /** Its name is the message `common.nav.<id>`. */
  id: string;
  path: string;
  icon: ComponentType<{ size?: "S" }>;
}

interface NavigationGroup {
  id: string;
  pages: NavigationPage[];
}

/** The pages that can be reached from everywhere, in the order of the work. */
export const NAVIGATION: NavigationGroup[] = [
  {
    id: "orchestration",
    pages: [
      { id: "journeys", path: "/journeys", icon: KIND_ICONS.journeys },
      { id: "fragments", path: "/fragments", icon: KIND_ICONS.fragments },
    ],
  },
  {
    id: "configuration",
    pages: [
      { id: "events", path: "/events", icon: KIND_ICONS.events },
      { id: "dataSources", path: "/data-sources", icon: KIND_ICONS.dataSources },
      { id: "actions", path: "/actions", icon: KIND_ICONS.actions },
      { id: "templates", path: "/templates", icon: KIND_ICONS.templates },
      { id: "rules", path: "/rules", icon: KIND_ICONS.rules },
    ],
  },
  {
    id: "data",
    pages: [
      { id: "schemas", path: "/schemas", icon: KIND_ICONS.schemas },
      { id: "datasets", path: "/datasets", icon: KIND_ICONS.datasets },
      { id: "inlets", path: "/inlets", icon: KIND_ICONS.inlets },
      { id: "profiles", path: "/profiles", icon: KIND_ICONS.profiles },
      { id: "audiences", path: "/audiences", icon: KIND_ICONS.audiences },
      { id: "governance", path: "/usage-policies", icon: KIND_ICONS.governance },
      { id: "inbox", path: "/inbox", icon: KIND_ICONS.inbox },
    ],
  },
  {
    id: "operations",
    pages: [
      { id: "monitoring", path: "/operations", icon: KIND_ICONS.monitoring },
      { id: "alerts", path: "/alerts", icon: KIND_ICONS.alerts },
      { id: "audit", path: "/audit", icon: KIND_ICONS.audit },
      { id: "approvals", path: "/approval-policies", icon: KIND_ICONS.approvals },
      { id: "people", path: "/people", icon: KIND_ICONS.people },
      { id: "settings", path: "/settings", icon: KIND_ICONS.settings },
    ],
  },
];
