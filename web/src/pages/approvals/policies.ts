import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { Approver } from "@/designer/review/review";

const BASE = "/journey/orchestration/approvalPolicies";

export const ENTRY_TYPES = ["unitary", "business", "audience_qualification", "read_audience"] as const;
export const ACTIONS = ["email", "sms", "push", "customAction"] as const;

export interface People {
  users: string[];
  roles: string[];
}

/** docs/reference/approvals.md. */
export interface PolicyBody {
  name: string;
  description: string;
  state: "active" | "inactive";
  conditions: {
    tags: string[];
    entryTypes: string[];
    actions: string[];
    nameContains: string[];
    requesters: People;
  };
  approvers: People;
}

export interface Policy extends PolicyBody {
  uid: string;
  mayApprove: Approver[];
}

export interface PoliciesSearch {
  /** Uid of the policy that is open; `new`. */
  policy?: string;
}

export const readPoliciesSearch = (search: Record<string, unknown>): PoliciesSearch => ({
  policy: typeof search.policy === "string" && search.policy !== "" ? search.policy : undefined,
});

export const EMPTY: PolicyBody = {
  name: "",
  description: "",
  state: "active",
  conditions: { tags: [], entryTypes: [], actions: [], nameContains: [], requesters: { users: [], roles: [] } },
  approvers: { users: [], roles: [] },
};

export const policiesQuery = queryOptions({
  queryKey: ["approvalPolicies"],
  queryFn: async () => (await call<{ results: Policy[] }>("GET", BASE)).results,
});

export const savePolicy = (uid: string | null, body: PolicyBody) =>
  uid === null
    ? call<Policy>("POST", BASE, { body })
    : call<Policy>("PUT", `${BASE}/${encodeURIComponent(uid)}`, { body });

export const deletePolicy = (uid: string) => call("DELETE", `${BASE}/${encodeURIComponent(uid)}`);

/** What is stored of a policy, without what is only shown. */
export const bodyOf = ({ name, description, state, conditions, approvers }: PolicyBody): PolicyBody => ({
  name: name.trim(),
  description,
  state,
  conditions,
  approvers,
});

/** `sale, eu` → two texts. */
export const listOf = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
  ),
];

/** Whether a policy covers every journey. */
export const isForAll = ({ conditions }: PolicyBody): boolean =>
  [
    conditions.tags,
    conditions.entryTypes,
    conditions.actions,
    conditions.nameContains,
    conditions.requesters.users,
    conditions.requesters.roles,
  ].every((values) => values.length === 0);

/** Whether anybody is named. */
export const isNamed = ({ users, roles }: People): boolean => users.length + roles.length > 0;
