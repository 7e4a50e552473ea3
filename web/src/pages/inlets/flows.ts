import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

const FLOW = "/data/foundation/flowservice";
const HTTP_API = { id: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", version: "1.0" };
const DATA_LAKE = { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" };
const WITHOUT_MAPPING = { id: "d8a6f005-7eaf-4153-983e-e8574508b877", version: "1.0" };
const WITH_MAPPING = { id: "c1a19761-d2c7-4702-b9fa-fe91f0613e81", version: "1.0" };

export interface Inlet {
  id: string;
  name: string;
  etag: string;
  createdAt: number;
  auth: { params: { dataType: string; authenticationRequired?: boolean; inletUrl?: string } };
}

export interface Flow {
  id: string;
  name: string;
  etag: string;
  state: string;
  sourceConnectionIds: string[];
  targetConnectionIds: string[];
  transformations?: { params: { mappingId: string; mappingVersion?: number | string } }[];
  inheritedAttributes?: { sourceConnections?: { baseConnection?: { id: string } }[] };
}

interface Run {
  id: string;
  createdAt: number;
  metrics: { recordSummary: { inputRecordCount: number; outputRecordCount: number; failedRecordCount: number } };
}

export interface MappingSet {
  id: string;
  version: number;
  outputSchema: { schemaRef: { id: string } };
  mappings: { id: string; source: string; destination: string }[];
}

export interface MappingRow {
  id: number;
  source: string;
  destination: string;
}

interface Draft {
  name: string;
  dataType: "raw" | "xdm";
  isAuthenticated: boolean;
  schemaId: string;
  datasetId: string;
  mappings: readonly MappingRow[];
}

interface Listed<T> {
  items: T[];
  _links?: { next?: { href?: string } };
}

async function every<T>(kind: string): Promise<T[]> {
  const found: T[] = [];
  let path: string | undefined = `${FLOW}/${kind}?limit=100`;
  while (path !== undefined && found.length < 2_000) {
    const page: Listed<T> = await call("GET", path);
    found.push(...page.items);
    const href = page._links?.next?.href;
    path = href && page.items.length > 0 ? (href.startsWith(FLOW) ? href : `${FLOW}${href}`) : undefined;
  }
  return found;
}

export const inletsQuery = queryOptions({ queryKey: ["inlets", "list"], queryFn: () => every<Inlet>("connections") });
export const flowsQuery = queryOptions({ queryKey: ["inlets", "flows"], queryFn: () => every<Flow>("flows") });

export const runsQuery = (flowId: string) =>
  queryOptions({
    queryKey: ["inlets", "runs", flowId],
    queryFn: async () =>
      (await call<{ items: Run[] }>("GET", `${FLOW}/runs`, { query: { property: `flowId==${flowId}`, limit: 10 } }))
        .items,
    refetchInterval: 15_000,
  });

export const mappingQuery = (id: string) =>
  queryOptions({
    queryKey: ["inlets", "mapping", id],
    queryFn: () => call<MappingSet>("GET", `/data/foundation/conversion/mappingSets/${id}`),
  });

export const flowsOf = (inlet: Inlet, flows: readonly Flow[]) =>
  flows.filter((one) =>
    one.inheritedAttributes?.sourceConnections?.some((source) => source.baseConnection?.id === inlet.id),
  );

export const isMapping = (row: MappingRow): boolean => row.source.trim() !== "" && row.destination !== "";

export const mappingSetOf = (schemaId: string, rows: readonly MappingRow[]) => ({
  version: 0,
  xdmSchema: schemaId,
  xdmVersion: "1.0",
  mappings: rows.filter(isMapping).map((row) => ({
    destinationXdmPath: row.destination,
    sourceAttribute: row.source.trim(),
    identity: false,
    version: 0,
  })),
});

export const preview = (schemaId: string, rows: readonly MappingRow[], data: unknown, signal?: AbortSignal) =>
  call<{ data: unknown; errors: { destination: string; exception: string }[] }>(
    "POST",
    "/data/foundation/conversion/mappingSets/preview",
    { body: { data, mappingSet: mappingSetOf(schemaId, rows) }, signal },
  );

/** An inlet with its flow: mapping, connection, source, target, flow, in this order. The id of the connection. */
export async function createInlet(draft: Draft): Promise<string> {
  const post = (path: string, body: unknown) => call<{ id: string; version: number }>("POST", path, { body });
  const isRaw = draft.dataType === "raw";
  const mapping = isRaw
    ? await post("/data/foundation/conversion/mappingSets", mappingSetOf(draft.schemaId, draft.mappings))
    : null;
  const params = { name: draft.name, dataType: draft.dataType, authenticationRequired: draft.isAuthenticated };
  const connection = await post(`${FLOW}/connections`, {
    name: draft.name,
    connectionSpec: HTTP_API,
    auth: { specName: "Streaming Connection", params },
  });
  const source = await post(`${FLOW}/sourceConnections`, {
    name: `${draft.name}: source`,
    baseConnectionId: connection.id,
    connectionSpec: HTTP_API,
  });
  const target = await post(`${FLOW}/targetConnections`, {
    name: `${draft.name}: target`,
    data: { schema: { id: draft.schemaId, version: "application/vnd.adobe.xed-full+json;version=1.0" } },
    params: { dataSetId: draft.datasetId },
    connectionSpec: DATA_LAKE,
  });
  await post(`${FLOW}/flows`, {
    name: draft.name,
    flowSpec: isRaw ? WITH_MAPPING : WITHOUT_MAPPING,
    sourceConnectionIds: [source.id],
    targetConnectionIds: [target.id],
    ...(mapping === null
      ? {}
      : {
          transformations: [{ name: "Mapping", params: { mappingId: mapping.id, mappingVersion: mapping.version } }],
        }),
  });
  return connection.id;
}

export const switchFlow = (flow: Flow) =>
  call("POST", `${FLOW}/flows/${flow.id}/action`, {
    query: { op: flow.state === "enabled" ? "disable" : "enable" },
    headers: { "If-Match": flow.etag },
  });

/** The next version of a mapping set, and the flow taken to it. */
export async function saveMapping(flow: Flow, mapping: MappingSet, rows: readonly MappingRow[]): Promise<void> {
  const body = mappingSetOf(mapping.outputSchema.schemaRef.id, rows);
  const path = `/data/foundation/conversion/mappingSets/${mapping.id}`;
  const { version } = await call<{ version: number }>("PUT", path, { body: { ...body, version: mapping.version } });
  await call("PATCH", `${FLOW}/flows/${flow.id}`, {
    body: takenTo(mapping.id, version),
    headers: { "If-Match": flow.etag },
  });
}

/** A JSON Patch that makes a flow map with a version. */
export const takenTo = (mappingId: string, mappingVersion: number) => [
  { op: "replace", path: "/transformations", value: [{ name: "Mapping", params: { mappingId, mappingVersion } }] },
];

/**
 * What goes with an inlet, in the order in which the server lets it go; mapping sets may be used by others and stay, as
 * do sources and targets of other flows.
 */
export function partsOf(inlet: Inlet, flows: readonly Flow[], others: readonly Flow[] = []): string[] {
  const kept = new Set(others.flatMap((flow) => [...flow.sourceConnectionIds, ...flow.targetConnectionIds]));
  const own = (kind: string, ids: readonly string[]) => ids.filter((id) => !kept.has(id)).map((id) => `${kind}/${id}`);
  return [
    ...flows.map((flow) => `flows/${flow.id}`),
    ...flows.flatMap((flow) => own("sourceConnections", flow.sourceConnectionIds)),
    ...flows.flatMap((flow) => own("targetConnections", flow.targetConnectionIds)),
    `connections/${inlet.id}`,
  ];
}

/** Records that were accepted before still land. false: it has more flows than `asked`, and nothing was deleted. */
export async function deleteInlet(inlet: Inlet, asked: readonly Flow[]): Promise<boolean> {
  const all = await every<Flow>("flows");
  const flows = flowsOf(inlet, all);
  if (flows.some((flow) => !asked.some((one) => one.id === flow.id))) return false;
  const others = all.filter((flow) => !flows.includes(flow));
  for (const part of new Set(partsOf(inlet, flows, others))) await call("DELETE", `${FLOW}/${part}`);
  return true;
}

/** Paths of the values of a sample, such as `contact.email`. */
export function sourcePaths(sample: unknown, prefix = ""): string[] {
  if (typeof sample !== "object" || sample === null || Array.isArray(sample)) return prefix === "" ? [] : [prefix];
  return Object.entries(sample).flatMap(([name, value]) =>
    sourcePaths(value, prefix === "" ? name : `${prefix}.${name}`),
  );
}
