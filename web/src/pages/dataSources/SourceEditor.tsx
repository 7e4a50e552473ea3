import { Button } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import styles from "@/pages/actions/actions.module.css";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Page } from "@/ui/Page";
import { useAct } from "@/ui/useAct";
import { useFaultText } from "@/ui/useFaultText";
import { documentOf, draftOf, faultPlace, unreadable } from "./draft";
import { SourceForm } from "./SourceForm";
import { type ReadSource, saveSource, sourceQuery } from "./sources";

export function NewSourcePage() {
  return <SourceEditor before={null} />;
}

interface Props {
  before: ReadSource | null;
  /** Buttons beside those that save. */
  actions?: ReactNode;
  /** What stands below the form, such as tests of what is stored. */
  children?: ReactNode;
}

/** A data source that is made or changed. */
export function SourceEditor({ before, actions, children }: Props) {
  const t = useT();
  const faultText = useFaultText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("journeys_data_sources.write");
  const [start] = useState(() => draftOf(before?.source));
  const [draft, setDraft] = useState(start);
  const save = useAct(() => saveSource(documentOf(draft), before), {
    invalidates: [["dataSources", "list"], ["expressions"]],
    showsError: true,
    done: t("dataSources.saved"),
    onDone: (saved) => {
      queries.setQueryData(sourceQuery(saved.source.uid).queryKey, saved);
      void navigate({ to: "/data-sources/$uid", params: { uid: saved.source.uid }, ignoreBlocker: true });
    },
  });
  const faults = new Map(unreadable(draft).map((place) => [place, t("dataSources.notJson")]));
  const place = faultPlace(save.error);
  if (place !== null && save.error !== null) faults.set(place, faultText(save.error.message));
  return (
    <Page
      title={before?.source.name ?? t("dataSources.new")}
      description={before === null ? t("dataSources.new.detail") : before.source.description}
      actions={
        <>
          {actions}
          {before === null && (
            <Button variant="secondary" onPress={() => void navigate({ to: "/data-sources", search: {} })}>
              {t("common.cancel")}
            </Button>
          )}
          <Button
            variant="accent"
            isDisabled={!mayWrite || draft === start || unreadable(draft).length > 0}
            isPending={save.isPending}
            onPress={() => save.mutate()}
          >
            {t(before === null ? "common.create" : "common.save")}
          </Button>
        </>
      }
    >
      {save.error && <ErrorNotice error={save.error} />}
      <SourceForm draft={draft} onChange={setDraft} faults={faults} isReadOnly={!mayWrite} />
      {children && <div className={styles.form}>{children}</div>}
      <Leave isDirty={draft !== start} />
    </Page>
  );
}
