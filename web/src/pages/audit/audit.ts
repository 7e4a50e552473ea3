/** One line of the audit log (docs/reference/permissions.md). */
export interface AuditLine {
  id: string;
  requestId: string;
  permissionResource: string;
  permissionType: string;
  assetType: string;
  assetId: string;
  assetName: string;
  action: string;
  status: string;
  failureCode: string;
  /** What was said of a request for approval. */
  comment?: string;
  timestamp: string;
  authId: string;
  userEmail: string;
  userIpAddresses: string[];
  sandboxName: string;
}

export interface AuditAnswer {
  _embedded: { events: AuditLine[] };
  page: { totalElements: number; totalPages: number };
  queryId: string;
}

export const RESULTS = ["Success", "Failure", "Deny"] as const;
/** In the words of the log, which filters take, too. */
export const ACTIONS: readonly string[] = [
  "Create",
  "Update",
  "Delete",
  "Publish",
  "Close",
  "Stop",
  "Pause",
  "Resume",
  "Finish",
  "Activate test",
  "Deactivate test",
  "Start dry run",
  "Stop dry run",
  "Request review",
  "Approve",
  "Request changes",
  "Cancel review",
  "Deploy",
  "Undeploy",
  "Enable",
  "Disable",
  "Apply labels",
  "Add user",
  "Remove user",
  "Reset",
  "Sign in",
  "Sign out",
  "Join",
  "Change password",
  "Reset password",
];
export const ASSET_TYPES: readonly string[] = [
  "Journey",
  "Journey event",
  "Journey datasource",
  "Field group",
  "Journey custom action",
  "Client certificate",
  "Endpoint capping",
  "Endpoint throttling",
  "Message template",
  "Channel configuration",
  "Message frequency rule",
  "Alert subscription",
  "Approval policy",
  "Schema",
  "Class",
  "Data type",
  "Descriptor",
  "Dataset",
  "Mapping set",
  "Account",
  "Source connection",
  "Target connection",
  "Source data flow",
  "Identity namespace",
  "Merge policy",
  "Segment",
  "Work order",
  "Role",
  "Credential",
  "User",
  "Sandbox",
  "Token",
];

/** The id of a word of the log in the catalogues: `Journey event` → `Journeyevent`. */
export const wordId = (word: string): string => word.replaceAll(" ", "");

export interface AuditSearch {
  action?: string;
  asset?: string;
  name?: string;
  user?: string;
  result?: string;
  request?: string;
  /** Dates such as 2026-01-31; `to` is the last day. */
  from?: string;
  to?: string;
  page?: number;
  /** Id of the line that is shown whole. */
  line?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const date = (value: unknown) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const page = Number(search.page);
  return {
    action: text(search.action),
    asset: text(search.asset),
    name: text(search.name),
    user: text(search.user),
    result: RESULTS.find((one) => one === search.result),
    request: text(search.request),
    from: date(search.from),
    to: date(search.to),
    page: Number.isInteger(page) && page > 0 ? page : undefined,
    line: search.line === undefined ? undefined : String(search.line),
  };
}

/** The address's filters as `property` filters of the log. Days begin in the reader's own zone. */
export function propertiesOf(search: AuditSearch): string[] {
  const equal = [
    ["action", search.action],
    ["assetType", search.asset],
    ["assetName", search.name],
    ["user", search.user],
    ["status", search.result],
    ["requestId", search.request],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}==${value}`]));
  if (search.from !== undefined) equal.push(`timestamp>=${new Date(`${search.from}T00:00:00`).toISOString()}`);
  if (search.to !== undefined) {
    const end = new Date(`${search.to}T00:00:00`);
    end.setDate(end.getDate() + 1);
    equal.push(`timestamp<${end.toISOString()}`);
  }
  return equal;
}
