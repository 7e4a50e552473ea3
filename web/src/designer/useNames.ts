import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Names } from "@/activities/kind";
import { api, read } from "@/api/client";

interface Named {
  name?: string;
}

const ROOT = "/journey/orchestration";
const LATEST_MS = 60_000;

/** Names by uid of one kind of thing; an empty map until they are there, and where they may not be read. */
function useMapOf(kind: string, load: () => Promise<Record<string, string>>): Record<string, string> {
  const { data } = useQuery({ queryKey: ["names", kind], queryFn: load, staleTime: LATEST_MS, retry: false });
  return data ?? NONE;
}

const NONE: Record<string, string> = {};

const byKey =
  (key: string) =>
  async (call: Promise<Record<string, unknown>>): Promise<Record<string, string>> => {
    const found = await call;
    const rows = (found.results ?? found.children ?? found.items ?? []) as (Named & Record<string, string>)[];
    return Object.fromEntries(rows.map((row) => [row[key] ?? "", row.name ?? ""]));
  };

type Body = Record<string, unknown>;

/** Names of everything that activities refer to. */
export function useNames(): Names {
  const events = useMapOf("events", () => byKey("uid")(read<Body>(api.GET(`${ROOT}/events`, {}))));
  const actions = useMapOf("actions", () => byKey("uid")(read<Body>(api.GET(`${ROOT}/actions`, {}))));
  const templates = useMapOf("templates", () => byKey("uid")(read<Body>(api.GET(`${ROOT}/messageTemplates`, {}))));
  const journeys = useMapOf("journeys", () => byKey("uid")(read<Body>(api.GET(`${ROOT}/journeys`, {}))));
  const audiences = useMapOf("audiences", () => byKey("id")(read<Body>(api.GET("/data/core/ups/audiences", {}))));
  const dataSets = useMapOf("dataSets", async () => {
    const found = await read<Record<string, Named>>(api.GET("/data/foundation/catalog/dataSets", {}));
    return Object.fromEntries(Object.entries(found).map(([id, { name }]) => [id, name ?? ""]));
  });
  return useMemo(
    () => ({
      event: (uid) => events[uid] ?? null,
      action: (uid) => actions[uid] ?? null,
      template: (uid) => templates[uid] ?? null,
      journey: (uid) => journeys[uid] ?? null,
      audience: (id) => audiences[id] ?? null,
      dataSet: (id) => dataSets[id] ?? null,
    }),
    [events, actions, templates, journeys, audiences, dataSets],
  );
}
