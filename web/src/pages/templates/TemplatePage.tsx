import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { duplicateOf } from "./draft";
import { TemplateEditor } from "./TemplateEditor";
import { templateQuery } from "./templates";

/** A new template, from nothing or as a copy of another one. */
export function NewTemplatePage() {
  const { from } = useSearch({ from: "/shell/templates/new" });
  return from === undefined ? <TemplateEditor key="new" stored={null} /> : <Duplicate key={from} uid={from} />;
}

function Duplicate({ uid }: { uid: string }) {
  const t = useT();
  const { data, error, refetch } = useQuery(templateQuery(uid));
  if (data !== undefined) {
    const start = duplicateOf(data.data, t("templates.duplicate.name", { name: data.data.name }));
    return <TemplateEditor stored={null} start={start} />;
  }
  return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <Loading />;
}

export function TemplatePage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/templates/$uid" });
  const { tab, from, to } = useSearch({ from: "/shell/templates/$uid" });
  const found = useQuery(templateQuery(uid));
  if (found.data !== undefined)
    return <TemplateEditor key={uid} stored={found.data} tab={tab} compared={{ from, to }} />;
  if (found.error) {
    return (
      <Page title={t("templates.one")}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loading />;
}
