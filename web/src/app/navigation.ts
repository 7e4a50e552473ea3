import Actions from "@spectrum-icons/workflow/Actions";
import Alert from "@spectrum-icons/workflow/Alert";
import Journey from "@spectrum-icons/workflow/Branch2";
import Source from "@spectrum-icons/workflow/DataAdd";
import Email from "@spectrum-icons/workflow/Email";
import Event from "@spectrum-icons/workflow/Event";
import Gauge from "@spectrum-icons/workflow/Gauge3";
import History from "@spectrum-icons/workflow/History";
import Inlet from "@spectrum-icons/workflow/Import";
import Inbox from "@spectrum-icons/workflow/Inbox";
import Fragment from "@spectrum-icons/workflow/Layers";
import Schema from "@spectrum-icons/workflow/Organisations";
import People from "@spectrum-icons/workflow/PeopleGroup";
import Settings from "@spectrum-icons/workflow/Settings";
import Table from "@spectrum-icons/workflow/Table";
import Audiences from "@spectrum-icons/workflow/Target";
import Approve from "@spectrum-icons/workflow/TaskList";
import Profiles from "@spectrum-icons/workflow/UserGroup";
import type { ComponentType } from "react";

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
      { id: "journeys", path: "/journeys", icon: Journey },
      { id: "fragments", path: "/fragments", icon: Fragment },
    ],
  },
  {
    id: "configuration",
    pages: [
      { id: "events", path: "/events", icon: Event },
      { id: "dataSources", path: "/data-sources", icon: Source },
      { id: "actions", path: "/actions", icon: Actions },
      { id: "templates", path: "/templates", icon: Email },
    ],
  },
  {
    id: "data",
    pages: [
      { id: "schemas", path: "/schemas", icon: Schema },
      { id: "datasets", path: "/datasets", icon: Table },
      { id: "inlets", path: "/inlets", icon: Inlet },
      { id: "profiles", path: "/profiles", icon: Profiles },
      { id: "audiences", path: "/audiences", icon: Audiences },
      { id: "inbox", path: "/inbox", icon: Inbox },
    ],
  },
  {
    id: "operations",
    pages: [
      { id: "monitoring", path: "/operations", icon: Gauge },
      { id: "alerts", path: "/alerts", icon: Alert },
      { id: "audit", path: "/audit", icon: History },
      { id: "approvals", path: "/approval-policies", icon: Approve },
      { id: "people", path: "/people", icon: People },
      { id: "settings", path: "/settings", icon: Settings },
    ],
  },
];
