"""Every decision rule of every sandbox, for those who compile journeys."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.journeys.activities.kind import RuleShape
from parcours.resources.store import Compiled, ResourceStore

DECISION_RULE_KIND = "decisionRule"


class DecisionRuleTable:
    """Rules by uid."""

    def __init__(self, rules: Iterable[tuple[int, RuleShape]] = ()) -> None:
        """rules: each with its scope."""
        self._rules = {(scope_id, rule.uid): rule for scope_id, rule in rules}

    def get(self, scope_id: int, uid: str) -> RuleShape | None:
        """A rule by uid."""
        return self._rules.get((scope_id, uid))

    def find(self, scope_id: int, name: str) -> RuleShape | None:
        """A rule by name."""
        return next((rule for (s, _), rule in self._rules.items() if s == scope_id and rule.name == name), None)

    def with_rule(self, scope_id: int, rule: RuleShape) -> "DecisionRuleTable":
        """The same with another rule in place of the one of its uid."""
        changed = DecisionRuleTable()
        changed._rules = {**self._rules, (scope_id, rule.uid): rule}
        return changed


def shape_of(uid: str, body: Mapping[str, Any]) -> RuleShape:
    """A rule as it is stored."""
    return RuleShape(uid, body["name"], body["expression"], body["audiences"])


def compiled_rules(resources: ResourceStore) -> Compiled[DecisionRuleTable]:
    """A table that follows the store; a thread that does not share its tables has its own."""

    def build(connection: Connection) -> DecisionRuleTable:
        stored = resources.in_all_scopes(connection, DECISION_RULE_KIND)
        return DecisionRuleTable((one.scope_id, shape_of(one.id, one.body)) for one in stored)

    return Compiled(resources, [DECISION_RULE_KIND], build)


NO_DECISION_RULES = DecisionRuleTable()
