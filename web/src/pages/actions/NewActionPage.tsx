import { Button } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { ActionForm } from "./ActionForm";
import { actionQuery } from "./actions";
import { type ActionDraft, draftOf, duplicateOf } from "./draft";
import { SaveFault } from "./SaveFault";
import { useDraft } from "./useDraft";

/** A new action, from nothing or from another one. */
export function NewActionPage() {
  const { from } = useSearch({ from: "/shell/actions/new" });
  return from === undefined ? <NewAction key="new" start={draftOf()} /> : <Duplicate key={from} uid={from} />;
}

function Duplicate({ uid }: { uid: string }) {
  const { data, error, refetch } = useQuery(actionQuery(uid));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  return data === undefined ? <Loading /> : <NewAction start={duplicateOf(data.action)} />;
}

function NewAction({ start }: { start: ActionDraft }) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("journeys_actions.write");
  const { draft, change, faults, submit, isChanged, isSaving, error } = useDraft(start, null, (saved) => {
    queries.setQueryData(actionQuery(saved.action.uid).queryKey, saved);
    void navigate({ to: "/actions/$uid", params: { uid: saved.action.uid }, search: {}, ignoreBlocker: true });
  });
  return (
    <Page
      title={t("actions.new")}
      description={t("actions.new.detail")}
      actions={
        <>
          <Button variant="secondary" onPress={() => void navigate({ to: "/actions", search: {} })}>
            {t("common.cancel")}
          </Button>
          <Button variant="accent" isDisabled={!mayWrite} isPending={isSaving} onPress={submit}>
            {t("common.create")}
          </Button>
        </>
      }
    >
      {error && <SaveFault error={error} />}
      <ActionForm draft={draft} onChange={change} faults={faults} isReadOnly={!mayWrite} isInUse={false} />
      <Leave isDirty={isChanged} />
    </Page>
  );
}
