import { useMemo, useRef, useState } from "react";
import { useT } from "@/i18n/useT";
import { useAct } from "@/ui/useAct";
import { useFaultText } from "@/ui/useFaultText";
import { type ReadAction, saveAction } from "./actions";
import { type ActionDraft, documentOf, unreadable } from "./draft";
import { type Faults, faultPlace, isAsSent } from "./faults";

/** What is being written of an action, kept until it is saved. */
export function useDraft(
  start: ActionDraft,
  before: { uid: string; etag: string } | null,
  onSaved: (saved: ReadAction) => void,
) {
  const t = useT();
  const faultText = useFaultText();
  const [draft, setDraft] = useState(start);
  const [saved, setSaved] = useState(start);
  const [isTried, setTried] = useState(false);
  const sent = useRef(documentOf(start));
  const isChanged = draft !== saved;
  const save = useAct(
    () => {
      sent.current = documentOf(draft);
      return saveAction(sent.current, before);
    },
    {
      invalidates: [["actions", "list"], ["references"]],
      showsError: true,
      done: t("actions.saved"),
      onDone: (answer) => {
        setSaved(draft);
        onSaved(answer);
      },
    },
  );
  const faults = useMemo((): Faults => {
    const found = new Map<string, string>();
    for (const place of unreadable(draft)) found.set(place, t("actions.notJson"));
    if (isTried && draft.name.trim() === "") found.set("name", t("actions.name.missing"));
    const place = save.error === null ? null : faultPlace(save.error, sent.current);
    if (place !== null && save.error !== null && isAsSent(place, sent.current, documentOf(draft))) {
      found.set(place, faultText(save.error.message));
    }
    return found;
  }, [draft, isTried, save.error, t, faultText]);
  const change = (changed: Partial<ActionDraft>) => {
    setDraft((now) => ({ ...now, ...changed }));
  };
  const submit = () => {
    setTried(true);
    if (unreadable(draft).length === 0 && draft.name.trim() !== "") save.mutate();
  };
  return { draft, change, faults, submit, isChanged, isSaving: save.isPending, error: save.error };
}
