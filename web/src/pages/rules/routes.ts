import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/routes";
import { readRulesSearch } from "./rulesSearch";

const rulesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "rules",
  validateSearch: readRulesSearch,
  component: lazyRouteComponent(() => import("./RulesPage"), "RulesPage"),
});

const decisionRuleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "rules/decision/$uid",
  component: lazyRouteComponent(() => import("./DecisionRulePage"), "DecisionRulePage"),
});

const ruleSetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "rules/sets/$uid",
  component: lazyRouteComponent(() => import("./RuleSetPage"), "RuleSetPage"),
});

export const rulesRoutes = [rulesRoute, decisionRuleRoute, ruleSetRoute] as const;
