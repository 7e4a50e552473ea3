import { Button } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { useAct } from "@/ui/useAct";
import { useFaultText } from "@/ui/useFaultText";
import { EventForm } from "./EventForm";
import { documentOf, draftOf, duplicateOf, type EventDraft, faultPlace } from "./eventDraft";
import { eventToEditQuery, type ReadEvent, saveEvent } from "./events";

/** A new event, from nothing or from another one. */
export function NewEventPage() {
  const { from } = useSearch({ from: "/shell/events/new" });
  return from === undefined ? <Editor start={draftOf()} before={null} /> : <Known key={from} uid={from} isCopy />;
}

/** An event, to be changed. */
export function EditEventPage() {
  const { uid } = useParams({ from: "/shell/events/$uid/edit" });
  return <Known key={uid} uid={uid} isCopy={false} />;
}

function Known({ uid, isCopy }: { uid: string; isCopy: boolean }) {
  const { data, error, refetch } = useQuery(eventToEditQuery(uid));
  if (error && data === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (isCopy) return <Editor start={duplicateOf(data.event)} before={null} />;
  return <Editor start={draftOf(data.event)} before={data} />;
}

function Editor({ start, before }: { start: EventDraft; before: ReadEvent | null }) {
  const t = useT();
  const faultText = useFaultText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("journeys_events.write");
  const [draft, setDraft] = useState(start);
  const [isTried, setTried] = useState(false);
  const save = useAct(() => saveEvent(documentOf(draft, before?.event), before), {
    invalidates: [["events"], ["references"]],
    showsError: true,
    done: t("events.saved"),
    onDone: ({ uid }) => {
      queries.removeQueries({ queryKey: eventToEditQuery(uid).queryKey });
      void navigate({ to: "/events/$uid", params: { uid }, search: {}, ignoreBlocker: true });
    },
  });
  const faults = new Map<string, string>();
  if (isTried && draft.name.trim() === "") faults.set("name", t("events.form.missing"));
  if (isTried && draft.schemaId === "") faults.set("schemaRef", t("events.form.missing"));
  const place = faultPlace(save.error);
  if (place !== null && save.error !== null) faults.set(place, faultText(save.error.message));
  const submit = () => {
    setTried(true);
    if (draft.name.trim() !== "" && draft.schemaId !== "") save.mutate();
  };
  const leave = () =>
    before === null
      ? void navigate({ to: "/events", search: {} })
      : void navigate({ to: "/events/$uid", params: { uid: before.event.uid }, search: {} });
  return (
    <Page
      title={before === null ? t("events.new") : before.event.name}
      description={t("events.new.detail")}
      actions={
        <>
          <Button variant="secondary" onPress={leave}>
            {t("common.cancel")}
          </Button>
          <Button
            variant="accent"
            isDisabled={!mayWrite || (before !== null && draft === start)}
            isPending={save.isPending}
            onPress={submit}
          >
            {t(before === null ? "common.create" : "common.save")}
          </Button>
        </>
      }
    >
      {save.error && <ErrorNotice error={save.error} />}
      <EventForm
        draft={draft}
        onChange={setDraft}
        faults={faults}
        isReadOnly={!mayWrite}
        fixedFields={before !== null && before.event.usedIn > 0 ? before.event.fields : null}
      />
      <Leave isDirty={draft !== start} />
    </Page>
  );
}
