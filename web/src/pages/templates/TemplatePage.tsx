import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { TemplateEditor } from "./TemplateEditor";
import { templateQuery } from "./templates";

export function NewTemplatePage() {
  return <TemplateEditor stored={null} />;
}

export function TemplatePage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/templates/$uid" });
  const { tab } = useSearch({ from: "/shell/templates/$uid" });
  const found = useQuery(templateQuery(uid));
  if (found.data !== undefined) return <TemplateEditor key={uid} stored={found.data} tab={tab} />;
  if (found.error) {
    return (
      <Page title={t("templates.one")}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loading />;
}
