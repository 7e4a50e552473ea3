import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/ui/useAct";
import type { FieldFault } from "./draft";
import type { Stored } from "./templates";
import { useFaultOf } from "./useFaultOf";

interface Ways<Read, Draft, Body> {
  draftOf: (read: Read) => Draft;
  /** What is saved of a draft. */
  bodyOf: (draft: Draft) => Body;
  /** uid: null to make one. */
  write: (uid: string | null, body: Body, etag: string) => Promise<Stored<Read>>;
  remove: (uid: string) => Promise<void>;
  /** Where the one with this uid is kept, as read. */
  keyOf: (uid: string) => QueryKey;
  /** What else is read anew when one was saved, or deleted. */
  lists: readonly QueryKey[];
  /** What is said when it was saved, and when it was deleted. */
  done: { saved: (draft: Draft) => string; deleted: (draft: Draft) => string };
  onMade: (uid: string) => void;
  onDeleted: () => void;
}

/**
 * What is edited of something stored, kept apart from what the server has, so that reading anew loses nothing.
 * stored: null where one is made, from `start`; `empty` is what a new one has before anything is typed.
 */
export function useEdited<Read extends { uid: string }, Draft, Body>(
  stored: Stored<Read> | null,
  start: Draft,
  empty: Draft,
  { draftOf, bodyOf, write, remove, keyOf, lists, done, onMade, onDeleted }: Ways<Read, Draft, Body>,
) {
  const faultOf = useFaultOf();
  const queries = useQueryClient();
  const [held, setHeld] = useState(stored);
  const [draft, setDraft] = useState(() => (stored === null ? start : draftOf(stored.data)));
  const before = held === null ? null : draftOf(held.data);
  const isDirty = JSON.stringify(bodyOf(draft)) !== JSON.stringify(bodyOf(before ?? empty));
  const uid = held?.data.uid ?? null;
  /** Takes what the server now has; the draft stays. */
  const take = (answer: Stored<Read>) => {
    setHeld(answer);
    queries.setQueryData(keyOf(answer.data.uid), answer);
  };
  const saving = useAct((sent: Draft) => write(uid, bodyOf(sent), held?.etag ?? ""), {
    invalidates: lists,
    showsError: true,
    done: (_, sent) => done.saved(sent),
    onDone: (answer, sent) => {
      take(answer);
      setDraft((now) => (now === sent ? draftOf(answer.data) : now));
      if (uid === null) onMade(answer.data.uid);
    },
  });
  const deleting = useAct(() => remove(uid ?? ""), {
    invalidates: lists,
    showsError: true,
    done: () => done.deleted(draft),
    onDone: onDeleted,
  });
  const fault: FieldFault | null = faultOf(saving.error);
  return {
    held,
    /** As stored, in the shape of a draft; null: a new one. */
    before,
    uid,
    draft,
    isDirty,
    isSaving: saving.isPending,
    /** Why it was not saved or not deleted. */
    error: saving.error ?? deleting.error,
    /** Which field that is about. */
    fault,
    take,
    setDraft,
    change: (changed: Partial<Draft>) => {
      setDraft({ ...draft, ...changed });
      if (saving.isError) saving.reset();
    },
    /** Forgets what went wrong, before something else is tried. */
    reset: () => {
      saving.reset();
      deleting.reset();
    },
    save: () => {
      deleting.reset();
      saving.mutate(draft);
    },
    remove: () => deleting.mutate(),
  };
}
