import { Button } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Refused } from "@/ui/Refused";
import { useAct } from "@/ui/useAct";
import { SourceEditor } from "./SourceEditor";
import { BUILT_IN, type DataSource, deleteSource, journeysQuery, type ReadSource, sourceQuery } from "./sources";
import { TryGroup } from "./TryGroup";

const WHOLE_PROFILE = "ProfileFieldGroup";

/** One data source. */
export function SourcePage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/data-sources/$uid" });
  const { data, error, refetch } = useQuery(sourceQuery(uid));
  if (error && data === undefined) {
    return (
      <Page title={t("dataSources.one")}>
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (data === undefined) return <Loading />;
  if (data.source.name === BUILT_IN) return <BuiltIn source={data.source} />;
  return <Custom key={`${uid} ${data.etag}`} found={data} />;
}

function Custom({ found }: { found: ReadSource }) {
  const t = useT();
  const navigate = useNavigate();
  const { source } = found;
  const mayDelete = useMay("journeys_data_sources.delete");
  const [isAsked, setAsked] = useState(false);
  const remove = useAct(() => deleteSource(source.uid), {
    invalidates: [["dataSources", "list"], ["expressions"]],
    done: t("dataSources.deleted"),
    onDone: () => void navigate({ to: "/data-sources", search: {} }),
  });
  return (
    <SourceEditor
      before={found}
      actions={
        mayDelete && (
          <Button variant="negative" onPress={() => setAsked(true)}>
            {t("common.delete")}
          </Button>
        )
      }
    >
      <TryGroup source={source} />
      <UsedBy source={source} />
      <Asked
        isOpen={isAsked && source.usedIn === 0}
        title={t("dataSources.delete.title", { name: source.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("dataSources.delete.detail")}
      </Asked>
      <Refused
        isOpen={isAsked && source.usedIn > 0}
        title={t("dataSources.delete.refused", { name: source.name })}
        onClose={() => setAsked(false)}
      >
        <UsedBy source={source} />
      </Refused>
    </SourceEditor>
  );
}

function UsedBy({ source }: { source: DataSource }) {
  const t = useT();
  const mayRead = useMay("journeys.read");
  const { data, error } = useQuery({ ...journeysQuery(source.uid), enabled: mayRead && source.usedIn > 0 });
  if (source.usedIn === 0) return null;
  return (
    <Part title={t("dataSources.usedBy")}>
      <Note>{t("dataSources.usedBy.detail")}</Note>
      {error && <ErrorNotice error={error} />}
      <ul>
        {data?.map((journey) => (
          <li key={journey.uid}>
            <PageLink to="/journeys/$uid" params={{ uid: journey.uid }}>
              {journey.name}
            </PageLink>{" "}
            {journey.versions.map((one) => `${one.version} (${one.status})`).join(", ")}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function BuiltIn({ source }: { source: DataSource }) {
  const t = useT();
  return (
    <Page title={source.name} description={t("dataSources.builtIn.detail")}>
      {source.fieldGroups.map((group) => (
        <Part key={group.name} title={group.name}>
          {group.description && <Note>{group.description}</Note>}
          {group.name === WHOLE_PROFILE ? (
            <p>{t("dataSources.builtIn.every")}</p>
          ) : (
            <ul>
              {group.fields?.map((field) => (
                <li key={field}>
                  <code>{field}</code>
                </li>
              ))}
            </ul>
          )}
        </Part>
      ))}
      <UsedBy source={source} />
    </Page>
  );
}
