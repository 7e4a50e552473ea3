import Actions from "@spectrum-icons/workflow/Actions";
import Alert from "@spectrum-icons/workflow/Alert";
import Rule from "@spectrum-icons/workflow/BidRule";
import Journey from "@spectrum-icons/workflow/Branch2";
import Source from "@spectrum-icons/workflow/DataAdd";
import Email from "@spectrum-icons/workflow/Email";
import Event from "@spectrum-icons/workflow/Event";
import Gauge from "@spectrum-icons/workflow/Gauge3";
import History from "@spectrum-icons/workflow/History";
import Inlet from "@spectrum-icons/workflow/Import";
import Inbox from "@spectrum-icons/workflow/Inbox";
import Label from "@spectrum-icons/workflow/Label";
import Fragment from "@spectrum-icons/workflow/Layers";
import Schema from "@spectrum-icons/workflow/Organisations";
import People from "@spectrum-icons/workflow/PeopleGroup";
import Settings from "@spectrum-icons/workflow/Settings";
import Table from "@spectrum-icons/workflow/Table";
import Audiences from "@spectrum-icons/workflow/Target";
import Approve from "@spectrum-icons/workflow/TaskList";
import Profiles from "@spectrum-icons/workflow/UserGroup";

/** What stands for each kind of thing: in the navigation, and where there is none of it yet. */
export const KIND_ICONS = {
  journeys: Journey,
  fragments: Fragment,
  events: Event,
  dataSources: Source,
  actions: Actions,
  templates: Email,
  rules: Rule,
  schemas: Schema,
  datasets: Table,
  inlets: Inlet,
  profiles: Profiles,
  audiences: Audiences,
  governance: Label,
  inbox: Inbox,
  monitoring: Gauge,
  alerts: Alert,
  audit: History,
  approvals: Approve,
  people: People,
  settings: Settings,
} as const;

export type Kind = keyof typeof KIND_ICONS;
