import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Found } from "@/ui/Found";
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
  return (
    <Found found={useQuery(templateQuery(uid))} title={t("templates.one")}>
      {({ data }) => (
        <TemplateEditor stored={null} start={duplicateOf(data, t("templates.duplicate.name", { name: data.name }))} />
      )}
    </Found>
  );
}

export function TemplatePage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/templates/$uid" });
  const { tab, from, to } = useSearch({ from: "/shell/templates/$uid" });
  return (
    <Found found={useQuery(templateQuery(uid))} title={t("templates.one")}>
      {(stored) => <TemplateEditor key={uid} stored={stored} tab={tab} compared={{ from, to }} />}
    </Found>
  );
}
