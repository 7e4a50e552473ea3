import { call } from "@/api/call";

export const DECISION_RULES = "/journey/orchestration/decisionRules";

/** docs/reference/decision-rules.md. */
export interface DecisionRuleBody {
  name: string;
  description: string;
  tags: string[];
  expression: string;
}

export interface DecisionRule extends DecisionRuleBody {
  uid: string;
  usedIn: number;
  metadata: { lastModifiedBy: string; lastModifiedAt: string };
}

export const createDecisionRule = (body: DecisionRuleBody) => call<DecisionRule>("POST", DECISION_RULES, { body });

/** Beginnings of the keys of what is read anew after a rule has changed. */
export const LISTS = [["decisionRules", "list"], ["references"]];
