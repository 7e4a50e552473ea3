import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { Draft, DraftStore } from "./draftStore";

export const DraftContext = createContext<DraftStore | null>(null);

export function useDraftStore(): DraftStore {
  const store = useContext(DraftContext);
  if (store === null) throw new Error("there is no draft around this component");
  return store;
}

/** A part of the draft that is edited; the component renders again when that part changes. */
export function useDraft<T>(select: (draft: Draft) => T): T {
  return useStore(useDraftStore(), select);
}
