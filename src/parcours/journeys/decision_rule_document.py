"""Decision rules as documents: a condition with a name, which journeys share. Source: journeys §8.13."""

from collections.abc import Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

from parcours.expressions.errors import ExpressionInvalid
from parcours.journeys.activities.kind import RuleShape
from parcours.journeys.compile import Definitions
from parcours.journeys.document import json_path
from parcours.journeys.errors import DecisionRuleInvalid
from parcours.journeys.shared_rules import SharedRules

MAX_EXPRESSION = 20_000
_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "usedIn"})
"""What is shown and may come back with a PUT, where it means nothing."""

DECISION_RULE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Decision rule",
    "description": "A condition with a name, which paths of journeys refer to.",
    "type": "object",
    "required": ["name", "expression"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"\S"},
        "description": {"type": "string", "maxLength": 4000, "default": ""},
        "tags": {
            "type": "array",
            "maxItems": 20,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1, "maxLength": 100},
            "description": "Words to find the rule by.",
        },
        "expression": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_EXPRESSION,
            "description": "Yes or no, from the profile, its events, audiences and journey properties.",
        },
    },
}
_VALIDATOR = Draft202012Validator(DECISION_RULE_SCHEMA)


def read_document(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body as it is stored, its defaults filled in. Raises DecisionRuleInvalid with the path of the fault.

    What the expression says is `check_rule`'s to look at.
    """
    given = {name: value for name, value in body.items() if name not in _READ_ONLY}
    for error in _VALIDATOR.iter_errors(given):
        raise DecisionRuleInvalid(error.message, json_path(error.instance_path))
    return {
        "name": given["name"].strip(),
        "description": given.get("description", ""),
        "tags": given.get("tags", []),
        "expression": given["expression"],
    }


def check_rule(document: Mapping[str, Any], definitions: Definitions) -> dict[str, str]:
    """Ids of the audiences that the rule asks for, by the names it uses: what it means stays when these are renamed.

    Raises DecisionRuleInvalid for what is no condition, or none that journeys can share.
    """
    rules = SharedRules(definitions)
    try:
        rules.read(RuleShape("", document["name"], document["expression"]))
    except ExpressionInvalid as error:
        raise DecisionRuleInvalid(str(error), "$.expression") from None
    found: dict[str, str] = {}
    for name in sorted(rules.language.audiences_read):
        audience = definitions.audience_named(name)
        if audience is None:
            raise DecisionRuleInvalid(f"no audience {name!r}", "$.expression")
        found[name] = audience.id
    return found
