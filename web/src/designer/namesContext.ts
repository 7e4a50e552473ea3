import { createContext, useContext } from "react";
import type { Names } from "@/activities/kind";

const NOBODY = () => null;

export const NamesContext = createContext<Names>({
  event: NOBODY,
  action: NOBODY,
  audience: NOBODY,
  template: NOBODY,
  journey: NOBODY,
  dataSet: NOBODY,
});

export const useNamesOf = (): Names => useContext(NamesContext);
