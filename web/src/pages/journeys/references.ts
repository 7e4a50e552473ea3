import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { Choice, JourneyTemplate, NamedKind } from "./create";

interface Audiences {
  children: { id: string; name: string }[];
}

const results = async (path: string): Promise<Choice[]> =>
  (await call<{ results: Choice[] }>("GET", `/journey/orchestration/${path}`)).results;

interface Sources {
  results: { name: string; fieldGroups: { name: string }[] }[];
}

/** What a journey may use, by kind. */
export const USABLE = ["event", "action", "source", "template", "audience", "rule"] as const;

const READERS: Record<NamedKind | (typeof USABLE)[number], () => Promise<Choice[]>> = {
  event: () => results("events?pageSize=100"),
  action: () => results("actions?pageSize=100"),
  template: () => results("messageTemplates?pageSize=100"),
  rule: () => results("decisionRules?pageSize=100"),
  audience: async () =>
    (await call<Audiences>("GET", "/data/core/ups/audiences?limit=100")).children.map(({ id, name }) => ({
      uid: id,
      name,
    })),
  source: async () =>
    (await call<Sources>("GET", "/journey/orchestration/dataSources?pageSize=100")).results.flatMap((source) =>
      [source.name, ...source.fieldGroups.map((group) => `${source.name}.${group.name}`)].map((name) => ({
        uid: name,
        name,
      })),
    ),
};

/** What there is of a kind, by uid and name. */
export const choicesQuery = (kind: NamedKind | (typeof USABLE)[number]) =>
  queryOptions({ queryKey: ["journeys", "choices", kind], queryFn: () => READERS[kind]() });

/** Ready-made journeys in the language in use. */
export const templatesQuery = (locale: string) =>
  queryOptions({
    queryKey: ["journeys", "templates", locale],
    queryFn: async () => {
      const answer = await call<{ results: JourneyTemplate[] } | JourneyTemplate[]>(
        "GET",
        "/journey/orchestration/journeyTemplates",
        { headers: { "accept-language": locale } },
      );
      return Array.isArray(answer) ? answer : answer.results;
    },
    staleTime: 10 * 60_000,
  });
