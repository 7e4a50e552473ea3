import { queryOptions } from "@tanstack/react-query";
import { DECISION_RULES, type DecisionRule, type DecisionRuleBody } from "@/activities/decisionRules";
import { call } from "@/api/call";
import { tagsOf } from "@/designer/fragments/fragments";
import type { UsingJourney } from "../actions/actions";
import { type Stored, withEtag } from "../templates/templates";

const PAGE = 100;

const of = (uid: string) => `${DECISION_RULES}/${encodeURIComponent(uid)}`;

/** A rule as it is edited: its tags as one text. */
export interface RuleDraft extends Omit<DecisionRuleBody, "tags"> {
  tags: string;
}

export const EMPTY_RULE: RuleDraft = { name: "", description: "", tags: "", expression: "" };

export const ruleDraft = ({ name, description, tags, expression }: DecisionRuleBody): RuleDraft => ({
  name,
  description,
  tags: tags.join(", "),
  expression,
});

export const ruleBody = (draft: RuleDraft): DecisionRuleBody => ({ ...draft, tags: tagsOf(draft.tags) });

export const decisionRulesQuery = queryOptions({
  queryKey: ["decisionRules", "list"],
  queryFn: async ({ signal }) => {
    const found: DecisionRule[] = [];
    for (let page = 0; ; page++) {
      const answer = await call<{ results: DecisionRule[]; pages: number }>("GET", DECISION_RULES, {
        query: { page, pageSize: PAGE },
        signal,
      });
      found.push(...answer.results);
      if (page + 1 >= answer.pages) return found;
    }
  },
});

export const decisionRuleQuery = (uid: string) =>
  queryOptions({
    queryKey: ["decisionRules", "one", uid],
    queryFn: () => withEtag<DecisionRule>("GET", of(uid)),
    refetchOnWindowFocus: false,
  });

export const journeysOfRuleQuery = (uid: string) =>
  queryOptions({
    queryKey: ["decisionRules", "journeys", uid],
    queryFn: async () => (await call<{ results: UsingJourney[] }>("GET", `${of(uid)}/journeys`)).results,
  });

export const saveDecisionRule = (
  uid: string | null,
  body: DecisionRuleBody,
  etag: string,
): Promise<Stored<DecisionRule>> =>
  uid === null ? withEtag("POST", DECISION_RULES, body) : withEtag("PUT", of(uid), body, etag);

export const deleteDecisionRule = (uid: string) => call<void>("DELETE", of(uid));

/** Those whose name, description or tags hold every word. */
export function matching<T extends DecisionRuleBody>(rules: readonly T[], q = ""): T[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return rules.filter(({ name, description, tags }) => {
    const searched = [name, description, ...tags].join(" ").toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}
