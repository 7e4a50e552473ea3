import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { flowsOf, flowsQuery, inletsQuery } from "./flows";

/** Where records and events are posted to. */
export function InletsPage() {
  const t = useT();
  const navigate = useNavigate();
  const inlets = useQuery(inletsQuery);
  const flows = useQuery(flowsQuery);
  return (
    <ListPage
      title={t("inlets.title")}
      description={t("inlets.description")}
      create={
        <CreateButton
          name={t("inlets.create")}
          may={useMay("sources.write")}
          onPress={() => void navigate({ to: "/inlets/new" })}
        />
      }
      list={inlets}
      empty={{ title: t("inlets.empty.title"), detail: t("inlets.empty.detail"), kind: "inlets" }}
      columns={[
        { id: "name", name: t("inlets.name"), isText: true },
        { id: "type", name: t("inlets.type"), isText: true },
        { id: "auth", name: t("inlets.authenticated"), isText: true },
        { id: "flows", name: t("inlets.flows"), isText: true },
        { id: "created", name: t("inlets.createdAt"), isText: true },
      ]}
      row={(one) => ({
        id: one.id,
        cells: {
          name: (
            <PageLink to="/inlets/$id" params={{ id: one.id }}>
              {one.name}
            </PageLink>
          ),
          type: one.auth.params.dataType === "raw" ? t("inlets.type.raw") : t("inlets.type.xdm"),
          auth: one.auth.params.authenticationRequired ? t("inlets.yes") : t("inlets.no"),
          flows:
            flowsOf(one, flows.data ?? [])
              .map((flow) => flow.name)
              .join(", ") || "–",
          created: <Time value={one.createdAt} />,
        },
      })}
    />
  );
}
