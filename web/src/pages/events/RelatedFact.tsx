import { useQuery } from "@tanstack/react-query";
import { PageLink } from "@/ui/PageLink";
import { type RelatedRows, relatedQuery } from "./events";
import { dotted } from "./relatedFields";

/** Which data sets hold the rows that fields of an event name. */
export function RelatedFact({ schemaId, related }: { schemaId: string; related: readonly RelatedRows[] }) {
  const { data } = useQuery(relatedQuery(schemaId));
  const nameOf = ({ property, datasetId }: RelatedRows) =>
    data?.find((one) => one.property === property)?.dataSets.find((one) => one.id === datasetId)?.name ?? datasetId;
  return related.map((rows) => (
    <div key={rows.property}>
      <code>{dotted(rows.property)}</code>:{" "}
      <PageLink to="/datasets/$id" params={{ id: rows.datasetId }}>
        {nameOf(rows)}
      </PageLink>
    </div>
  ));
}
