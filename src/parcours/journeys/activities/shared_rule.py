"""Paths with a condition of their own, or one that journeys share: data-source conditions and targeting."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from parcours.expressions.types import Type
from parcours.journeys.activities.kind import Builder, Explained


class RulePath(NamedTuple):
    """A path, and what it is taken for."""

    id: str
    condition: Explained
    rule: str | None = None
    """The name of the decision rule that the condition is; None for one that stands in the journey."""


RULE_MEMBERS: Mapping[str, Any] = {
    "expression": {"type": "string", "minLength": 1},
    "rule": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "In place of an expression: the uid of a decision rule, which journeys share.",
    },
}
ONE_OF_BOTH: Mapping[str, Any] = {"oneOf": [{"required": ["expression"]}, {"required": ["rule"]}]}


def read_rule_paths(entries: Sequence[Mapping[str, Any]], builder: Builder) -> list[RulePath]:
    """The paths that can be taken; of the others the builder has a fault."""
    found: list[RulePath] = []
    for index, entry in enumerate(entries):
        at = f".paths[{index}]"
        if "rule" in entry:
            shared = builder.decision_rule(entry["rule"], f"{at}.rule")
            if shared is not None:
                found.append(RulePath(entry["id"], shared[1], shared[0]))
            continue
        condition = builder.expression(entry["expression"], f"{at}.expression", Type.BOOLEAN)
        if condition is not None:
            found.append(RulePath(entry["id"], condition))
    return found
