import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { send } from "@/api/client";
import { type SchemaField, schemaFields } from "./schemaFields";

const FULL = "application/vnd.adobe.xed-full+json; version=1";

/** The fields of a schema; none until they are there. */
export function useSchemaFields(schemaId: string | null | undefined): { fields: SchemaField[]; error: unknown } {
  const { data, error } = useQuery({
    queryKey: ["references", "schema", schemaId],
    queryFn: async ({ signal }): Promise<unknown> => {
      const path = `/data/foundation/schemaregistry/tenant/schemas/${encodeURIComponent(schemaId ?? "")}`;
      return (await send(path, { headers: { Accept: FULL }, signal })).json();
    },
    enabled: typeof schemaId === "string" && schemaId !== "",
    staleTime: 60_000,
  });
  return { fields: useMemo(() => schemaFields(data), [data]), error };
}
