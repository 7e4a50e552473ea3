import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { Expression } from "./expression";

const BASE = "/data/foundation/dulepolicy";

export const STATUSES = ["DRAFT", "ENABLED", "DISABLED"] as const;
export type Status = (typeof STATUSES)[number];
/** Of the sandbox's own things beside policies: what they are called in addresses. */
export type Collection = "labels" | "marketingActions";

/** A usage label or marketing action. */
export interface Named {
  name: string;
  /** Of a label: Contract, Identity, Sensitive, Custom … */
  category?: string;
  friendlyName?: string;
  description: string;
  isCore: boolean;
}

/** docs/reference/usage-policies.md. */
export interface PolicyBody {
  name: string;
  description: string;
  status: Status;
  /** `core/NAME`, `custom/NAME`; shown as addresses that end so. */
  marketingActionRefs: string[];
  deny: Expression;
}

export interface Policy extends PolicyBody {
  id: string;
}

interface Listed<T> {
  children: T[];
}

const namedQuery = (collection: Collection) =>
  queryOptions({
    queryKey: ["governance", collection],
    queryFn: async () => {
      const [core, custom] = await Promise.all([
        call<Listed<Omit<Named, "isCore">>>("GET", `${BASE}/${collection}/core`),
        call<Listed<Omit<Named, "isCore">>>("GET", `${BASE}/${collection}/custom`),
      ]);
      return [
        ...custom.children.map((one) => ({ ...one, isCore: false })),
        ...core.children.map((one) => ({ ...one, isCore: true })),
      ];
    },
  });

/** Every usage label, the sandbox's own first. */
export const labelsQuery = namedQuery("labels");
/** Every marketing action, the sandbox's own first. */
export const marketingActionsQuery = namedQuery("marketingActions");

export const policiesQuery = queryOptions({
  queryKey: ["governance", "policies"],
  queryFn: async () => (await call<Listed<Policy>>("GET", `${BASE}/policies/custom`)).children,
});

export const savePolicy = (id: string | null, body: PolicyBody) =>
  id === null
    ? call<Policy>("POST", `${BASE}/policies/custom`, { body })
    : call<Policy>("PUT", `${BASE}/policies/custom/${encodeURIComponent(id)}`, { body });

export const setStatus = (id: string, status: Status) =>
  call<Policy>("PATCH", `${BASE}/policies/custom/${encodeURIComponent(id)}`, {
    body: [{ op: "replace", path: "/status", value: status }],
  });

export const deletePolicy = (id: string) => call("DELETE", `${BASE}/policies/custom/${encodeURIComponent(id)}`);

const placeOf = (collection: Collection, name: string) => `${BASE}/${collection}/custom/${encodeURIComponent(name)}`;

export const saveNamed = (collection: Collection, name: string, body: { description: string; friendlyName?: string }) =>
  call("PUT", placeOf(collection, name), { body });

export const deleteNamed = (collection: Collection, name: string) => call("DELETE", placeOf(collection, name));

/** `…/marketingActions/core/analytics` → `core/analytics`. */
export const shortReference = (reference: string): string => reference.split("/").slice(-2).join("/");

export const referenceOf = (action: Named): string => `${action.isCore ? "core" : "custom"}/${action.name}`;

export const nameOf = (reference: string): string => reference.split("/").at(-1) ?? reference;
