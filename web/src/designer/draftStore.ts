import { createStore, type StoreApi } from "zustand";
import type { JourneyDocument, NodeId } from "@/flow/document";

export type SaveState =
  | { kind: "saved" }
  | { kind: "unsaved" }
  | { kind: "saving" }
  | { kind: "failed"; error: unknown }
  | { kind: "conflict"; theirs: JourneyDocument; etag: string; paths: string[] };

export interface Draft {
  document: JourneyDocument;
  past: JourneyDocument[];
  future: JourneyDocument[];
  selected: ReadonlySet<NodeId>;
  selectedEdges: ReadonlySet<string>;
  /** What the server has, as far as it is known. */
  base: JourneyDocument;
  etag: string;
  save: SaveState;
  isReadOnly: boolean;
  /** Change the document; changes under one `group` right after another are one step of undo. */
  change: (next: JourneyDocument, group?: string) => void;
  undo: () => void;
  redo: () => void;
  select: (nodes: Iterable<NodeId>, edges?: Iterable<string>) => void;
  setSave: (save: SaveState) => void;
  /** The server has `base` now. `document`: what is gone on with, when it differs from what is here. */
  adopt: (base: JourneyDocument, etag: string, document?: JourneyDocument) => void;
}

const LONGEST_HISTORY = 200;
const GROUP_MS = 1_500;

export type DraftStore = StoreApi<Draft>;

/** One version as it is edited: the document, its history, what is selected, and how far it is saved. */
export function createDraftStore(document: JourneyDocument, etag: string, isReadOnly: boolean): DraftStore {
  let lastGroup: { name: string; at: number } | null = null;
  return createStore<Draft>((set, get) => ({
    document,
    past: [],
    future: [],
    selected: new Set(),
    selectedEdges: new Set(),
    base: document,
    etag,
    save: { kind: "saved" },
    isReadOnly,
    change: (next, group) => {
      const { document: now, past, isReadOnly: isFixed } = get();
      if (isFixed || next === now) return;
      const at = Date.now();
      const isSameStep = group !== undefined && lastGroup?.name === group && at - lastGroup.at < GROUP_MS;
      lastGroup = group === undefined ? null : { name: group, at };
      set({
        document: next,
        past: isSameStep ? past : [...past, now].slice(-LONGEST_HISTORY),
        future: [],
        save: unsaved(get().save),
      });
    },
    undo: () => {
      const { document: now, past, future, save } = get();
      const before = past.at(-1);
      if (before === undefined) return;
      lastGroup = null;
      set({ document: before, past: past.slice(0, -1), future: [now, ...future], save: unsaved(save) });
    },
    redo: () => {
      const { document: now, past, future, save } = get();
      const [next, ...rest] = future;
      if (next === undefined) return;
      lastGroup = null;
      set({ document: next, past: [...past, now], future: rest, save: unsaved(save) });
    },
    select: (nodes, edges = []) => {
      const [selected, selectedEdges] = [new Set(nodes), new Set(edges)];
      const { selected: oldNodes, selectedEdges: oldEdges } = get();
      if (!isEqual(selected, oldNodes) || !isEqual(selectedEdges, oldEdges)) set({ selected, selectedEdges });
    },
    setSave: (save) => set({ save }),
    adopt: (base, newEtag, next) => {
      const { document: now, past } = get();
      if (next === undefined || next === now) set({ base, etag: newEtag });
      else set({ base, etag: newEtag, document: next, past: [...past, now], future: [] });
    },
  }));
}

/** A conflict stays one until it is decided. */
const unsaved = (save: SaveState): SaveState => (save.kind === "conflict" ? save : { kind: "unsaved" });
const isEqual = <T>(one: ReadonlySet<T>, other: ReadonlySet<T>) =>
  one.size === other.size && [...one].every((item) => other.has(item));
