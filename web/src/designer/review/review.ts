import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { JourneyVersion } from "../version";

const BASE = "/journey/orchestration";
const at = (uid: string, verb: string) => `${BASE}/journeyVersions/${encodeURIComponent(uid)}/${verb}`;

/** docs/reference/approvals.md. */
export interface Approver {
  id: string;
  type: "user" | "credential";
  name: string;
  email?: string;
}

export interface Decision {
  verdict: "approved" | "changesRequested" | "canceled";
  comment: string;
  by: string;
  at: string;
  policies: { uid: string; name: string }[];
}

export interface ApprovalRequest {
  uid: string;
  state: "open" | Decision["verdict"];
  comment: string;
  requestedBy: string;
  requestedAt: string;
  policies: { uid: string; name: string }[];
  decisions: Decision[];
}

export const REASONS = ["author", "notNamed", "notAllowed", "uncovered"] as const;

export interface Approval {
  needed: boolean;
  policies: { uid: string; name: string; approvers: Approver[]; isApproved: boolean }[];
  request: ApprovalRequest | null;
  mayApprove: boolean;
  mayRequestChanges: boolean;
  /** Why one may not decide about the open request. */
  reason: (typeof REASONS)[number] | null;
  /** The latest first. */
  requests: ApprovalRequest[];
}

export const approvalQuery = (uid: string) =>
  queryOptions({
    queryKey: ["journeys", "approval", uid],
    queryFn: () => call<Approval>("GET", at(uid, "approval")),
    staleTime: 0,
  });

export type ReviewVerb = "requestApproval" | "approve" | "requestChanges" | "cancelApproval";

/** Do it; the version as it is then. Throws ApiError. */
export const review = (uid: string, verb: ReviewVerb, comment: string, requestUid: string | undefined) =>
  call<JourneyVersion>("POST", at(uid, verb), {
    body: verb === "requestApproval" || verb === "cancelApproval" ? { comment } : { comment, requestUid },
  });

interface Rights {
  mayWrite: boolean;
  mayPublish: boolean;
}

/** What is offered of a version, the usual first. `publish`: it needs no approval. */
export function offered(
  status: string,
  approval: Approval | undefined,
  { mayWrite, mayPublish }: Rights,
): ("publish" | ReviewVerb)[] {
  if (approval === undefined) return [];
  if (status === "In Review") {
    const verbs: ReviewVerb[] = approval.mayApprove ? ["approve"] : [];
    if (approval.mayRequestChanges) verbs.push("requestChanges");
    return mayWrite ? [...verbs, "cancelApproval"] : verbs;
  }
  if (status !== "Draft") return [];
  if (approval.needed) return mayWrite ? ["requestApproval"] : [];
  return mayPublish ? ["publish"] : [];
}
