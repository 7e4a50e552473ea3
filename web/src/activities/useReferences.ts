import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Names } from "./kind";
import { type ListName, type Lists, LOADERS } from "./references";

const NAMES = Object.keys(LOADERS) as ListName[];
const NONE: Lists = {
  events: [],
  actions: [],
  audiences: [],
  templates: [],
  configurations: [],
  journeys: [],
  dataSets: [],
  ruleSets: [],
  decisionRules: [],
  marketingActions: [],
  namespaces: [],
};

export interface References extends Lists {
  names: Names;
  audienceNames: string[];
  isPending: (name: ListName) => boolean;
  error: (name: ListName) => unknown;
}

/** Everything that activities may refer to; read once for all forms, and anew when somebody comes back to the page. */
export function useReferences(): References {
  const found = useQueries({
    queries: NAMES.map((name) => ({
      queryKey: ["references", name],
      queryFn: (): Promise<Lists[ListName]> => LOADERS[name](),
      staleTime: 20_000,
    })),
    combine: (results) => ({
      lists: {
        ...NONE,
        ...Object.fromEntries(NAMES.map((name, i) => [name, results[i]?.data ?? NONE[name]])),
      } as Lists,
      pending: Object.fromEntries(NAMES.map((name, i) => [name, results[i]?.isPending ?? true])),
      errors: Object.fromEntries(NAMES.map((name, i) => [name, results[i]?.error ?? null])),
    }),
  });
  return useMemo(
    () => ({
      ...found.lists,
      names: namesOf(found.lists),
      audienceNames: found.lists.audiences.map((audience) => audience.name),
      isPending: (name) => found.pending[name] === true,
      error: (name) => found.errors[name],
    }),
    [found],
  );
}

function namesOf(lists: Lists): Names {
  const of = <T extends { name: string }>(rows: readonly T[], key: (row: T) => string) => {
    const names = new Map(rows.map((row) => [key(row), row.name]));
    return (id: string) => names.get(id) ?? null;
  };
  return {
    event: of(lists.events, (row) => row.uid),
    action: of(lists.actions, (row) => row.uid),
    audience: of(lists.audiences, (row) => row.id),
    template: of(lists.templates, (row) => row.uid),
    journey: of(lists.journeys, (row) => row.uid),
    dataSet: of(lists.dataSets, (row) => row.id),
  };
}
