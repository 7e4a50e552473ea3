import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { pointersOf } from "./labels";

export const REGISTRY = "/data/foundation/schemaregistry";
const WHOLE = { Accept: "application/vnd.adobe.xed+json" };
const NAMES = { Accept: "application/vnd.adobe.xed-id+json" };
const RESOLVED = { Accept: "application/vnd.adobe.xed-full+json; version=1" };

export interface Resource {
  $id: string;
  "meta:altId": string;
  title: string;
  description?: string;
  version: string;
  allOf?: { $ref?: string }[];
  "meta:class"?: string;
  "meta:immutableTags"?: string[];
  "meta:intendedToExtend"?: string[];
  /** Of a resource that is resolved: all that it is composed of. */
  "meta:extends"?: string[];
}

export interface IdentityDescriptor {
  "@id": string;
  "xdm:sourceSchema": string;
  "xdm:sourceProperty": string;
  "xdm:namespace": string;
  "xdm:isPrimary": boolean;
}

export interface LabelDescriptor {
  "@id": string;
  "xdm:sourceSchema": string;
  /** One field, or several. */
  "xdm:sourceProperty": string | string[];
  "xdm:labels": string[];
}

interface Listed {
  results: Resource[];
  _page: { next?: string | number | null };
}

/** Every resource of a kind, page by page. */
async function every(path: string, headers: Record<string, string>): Promise<Resource[]> {
  const found: Resource[] = [];
  let start: string | number | null | undefined;
  do {
    const page: Listed = await call("GET", `${REGISTRY}/${path}`, { headers, query: { limit: 100, start } });
    found.push(...page.results);
    start = page.results.length > 0 && page._page.next !== "" ? page._page.next : null;
  } while (start !== null && start !== undefined && found.length < 5_000);
  return found.sort((one, other) => one.title.localeCompare(other.title));
}

export const schemasQuery = queryOptions({
  queryKey: ["schemas", "list"],
  queryFn: () => every("tenant/schemas", WHOLE),
});

export const classesQuery = queryOptions({
  queryKey: ["schemas", "classes"],
  queryFn: async () => [...(await every("global/classes", NAMES)), ...(await every("tenant/classes", NAMES))],
});

export const fieldGroupsQuery = queryOptions({
  queryKey: ["schemas", "fieldGroups"],
  queryFn: async () => [...(await every("tenant/fieldgroups", WHOLE)), ...(await every("global/fieldgroups", WHOLE))],
  staleTime: 60_000,
});

export const tenantQuery = queryOptions({
  queryKey: ["schemas", "tenant"],
  queryFn: async () => (await call<{ tenantId: string }>("GET", `${REGISTRY}/stats`)).tenantId,
});

const pathOf = (id: string) => `${REGISTRY}/tenant/schemas/${encodeURIComponent(id)}`;

export const schemaQuery = (id: string) =>
  queryOptions({
    queryKey: ["schemas", "one", id],
    queryFn: () => call<Resource>("GET", pathOf(id), { headers: { Accept: `${WHOLE.Accept}; version=1` } }),
  });

export const resolvedQuery = (id: string) =>
  queryOptions({
    queryKey: ["schemas", "resolved", id],
    queryFn: () => call<Resource>("GET", pathOf(id), { headers: RESOLVED }),
  });

export const sampleQuery = (id: string) =>
  queryOptions({
    queryKey: ["schemas", "sample", id],
    queryFn: () => call<unknown>("GET", `${REGISTRY}/rpc/sampledata/${encodeURIComponent(id)}`),
  });

export const identitiesQuery = queryOptions({
  queryKey: ["schemas", "identities"],
  queryFn: () => descriptorsOf<IdentityDescriptor>("xdm:descriptorIdentity"),
});

export const labelledQuery = queryOptions({
  queryKey: ["schemas", "labelled"],
  queryFn: () => descriptorsOf<LabelDescriptor>("xdm:descriptorLabel"),
});

async function descriptorsOf<T>(type: string): Promise<T[]> {
  const headers = { Accept: "application/vnd.adobe.xdm+json" };
  return (await call<Record<string, T[]>>("GET", `${REGISTRY}/tenant/descriptors`, { headers }))[type] ?? [];
}

export interface Namespace {
  code: string;
  name: string;
  idType: string;
}

export const namespacesQuery = queryOptions({
  queryKey: ["schemas", "namespaces"],
  queryFn: () => call<Namespace[]>("GET", "/data/core/idnamespace/identities"),
  staleTime: 60_000,
});

export const isForProfile = (schema: Resource) => schema["meta:immutableTags"]?.includes("union") ?? false;

export const createSchema = (title: string, refs: readonly string[]) =>
  call<Resource>("POST", `${REGISTRY}/tenant/schemas`, {
    body: { type: "object", title, allOf: refs.map(($ref) => ({ $ref })) },
  });

export const createFieldGroup = (body: unknown) => call<Resource>("POST", `${REGISTRY}/tenant/fieldgroups`, { body });

export const patchSchema = (id: string, operations: readonly unknown[]) =>
  call<Resource>("PATCH", pathOf(id), { body: operations });

export const deleteSchema = (id: string) => call("DELETE", pathOf(id));

export const addIdentity = (schema: string, pointer: string, namespace: string, isPrimary: boolean) =>
  call("POST", `${REGISTRY}/tenant/descriptors`, {
    body: {
      "@type": "xdm:descriptorIdentity",
      "xdm:sourceSchema": schema,
      "xdm:sourceVersion": 1,
      "xdm:sourceProperty": pointer,
      "xdm:namespace": namespace,
      "xdm:property": "xdm:code",
      "xdm:isPrimary": isPrimary,
    },
  });

export const removeIdentity = (id: string) => call("DELETE", `${REGISTRY}/tenant/descriptors/${id}`);

/** Give a field of a schema these labels; a descriptor that speaks of other fields, too, keeps those. */
export async function saveLabels(
  schema: string,
  pointer: string,
  labels: readonly string[],
  own: LabelDescriptor | undefined,
): Promise<void> {
  const path = `${REGISTRY}/tenant/descriptors`;
  const bodyOf = (property: string | string[], wanted: readonly string[]) => ({
    "@type": "xdm:descriptorLabel",
    "xdm:sourceSchema": schema,
    "xdm:sourceVersion": 1,
    "xdm:sourceProperty": property,
    "xdm:labels": wanted,
  });
  const others = own === undefined ? [] : pointersOf(own).filter((one) => one !== pointer);
  if (own !== undefined && others.length > 0) {
    await call("PUT", `${path}/${own["@id"]}`, { body: bodyOf(others, own["xdm:labels"]) });
  } else if (own !== undefined && labels.length === 0) {
    await call("DELETE", `${path}/${own["@id"]}`);
  } else if (own !== undefined) {
    await call("PUT", `${path}/${own["@id"]}`, { body: bodyOf(pointer, labels) });
    return;
  }
  if (labels.length > 0) await call("POST", path, { body: bodyOf(pointer, labels) });
}
