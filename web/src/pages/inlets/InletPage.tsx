import { Heading } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Code } from "@/ui/Code";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { DeleteInlet } from "./DeleteInlet";
import { FlowView } from "./FlowView";
import { flowsOf, flowsQuery, inletsQuery } from "./flows";

/** One inlet: how to post to it, and what its flows do. */
export function InletPage() {
  const t = useT();
  const { id } = useParams({ from: "/shell/inlets/$id" });
  const inlets = useQuery(inletsQuery);
  const flows = useQuery(flowsQuery);
  if (inlets.isPending || flows.isPending) return <Loading />;
  const error = inlets.error ?? flows.error;
  if (error) return <ErrorNotice error={error} />;
  const inlet = inlets.data?.find((one) => one.id === id);
  if (inlet === undefined) return <Empty isMissing title={t("inlets.missing")} detail={t("inlets.missing.detail")} />;
  const { inletUrl = "", authenticationRequired } = inlet.auth.params;
  const curl = [
    `curl -X POST '${inletUrl}'`,
    "-H 'Content-Type: application/json'",
    ...(authenticationRequired ? [`-H "Authorization: Bearer $TOKEN"`] : []),
    "-d @record.json",
  ].join(" \\\n  ");
  return (
    <Page
      title={inlet.name}
      description={<PageLink to="/inlets">{t("inlets.title")}</PageLink>}
      actions={<DeleteInlet inlet={inlet} flows={flowsOf(inlet, flows.data ?? [])} />}
    >
      <Heading level={2}>{t("inlets.url")}</Heading>
      <Code label={t("inlets.url")} value={inletUrl} />
      <Code label={t("inlets.curl")} value={curl} />
      {flowsOf(inlet, flows.data ?? []).map((flow) => (
        <FlowView key={flow.id} flow={flow} />
      ))}
    </Page>
  );
}
