import { create } from "zustand";

/** Values that expressions are tried with; chosen once, they hold for every expression of the page. */
interface Samples {
  /** JSON by what it stands for, such as `event:Order`. */
  texts: Record<string, string>;
  namespace: string;
  identity: string;
  setText: (key: string, text: string) => void;
  setProfile: (namespace: string, identity: string) => void;
}

export const useSamples = create<Samples>((set) => ({
  texts: {},
  namespace: "Email",
  identity: "",
  setText: (key, text) => set((state) => ({ texts: { ...state.texts, [key]: text } })),
  setProfile: (namespace, identity) => set({ namespace, identity }),
}));
