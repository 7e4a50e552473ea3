"""The documents of usage labels, marketing actions and policies: their JSON Schemas, and what the schemas can't say."""

import re
from collections.abc import Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

from parcours.governance.errors import GovernanceInvalid
from parcours.governance.evaluate import labels_in
from parcours.governance.model import CORE_LABELS, CORE_MARKETING_ACTIONS, STATUSES, short_name

MAX_OPERANDS = 100
"""Of a whole expression."""
MAX_DEPTH = 10
READ_ONLY = frozenset(
    {
        "id", "imsOrg", "sandboxName", "created", "createdUser", "createdClient", "updated", "updatedUser",
        "updatedClient", "_links",
    }
)  # fmt: skip
"""What is shown and may come back with a PUT, where it means nothing."""
_NAME_TEXT = "^[A-Za-z][A-Za-z0-9_.-]{0,99}$"
_NAME = {"type": "string", "pattern": _NAME_TEXT}
_DESCRIPTION = {"type": "string", "maxLength": 4000, "default": ""}
_REFERENCE = re.compile(r"(?:^|/)(?:marketingActions/)?(core|custom)/([^/]+)/?$")

LABEL_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Usage label",
    "description": "A label of one's own, put on fields to say how they may be used.",
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": _NAME,
        "category": {"type": "string", "maxLength": 100, "default": "Custom"},
        "friendlyName": {"type": "string", "maxLength": 256, "description": "Left out: the name."},
        "description": _DESCRIPTION,
    },
}
MARKETING_ACTION_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Marketing action",
    "description": "What data is used for: custom actions require one, and policies are about some.",
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": _NAME, "description": _DESCRIPTION},
}
POLICY_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Usage policy",
    "description": "For its marketing actions, data whose labels fulfil `deny` may not be used.",
    "type": "object",
    "required": ["name", "marketingActionRefs", "deny"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": _DESCRIPTION,
        "status": {"enum": list(STATUSES), "default": "DRAFT", "description": "Only ENABLED ones are evaluated."},
        "marketingActionRefs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "items": {"type": "string", "minLength": 1, "maxLength": 1000},
            "description": "core/NAME or custom/NAME, or an address that ends so.",
        },
        "deny": {"$ref": "#/$defs/expression"},
    },
    "$defs": {
        "expression": {
            "type": "object",
            "oneOf": [
                {
                    "required": ["label"],
                    "additionalProperties": False,
                    "properties": {"label": {"type": "string", "minLength": 1, "maxLength": 200}},
                },
                {
                    "required": ["operator", "operands"],
                    "additionalProperties": False,
                    "properties": {
                        "operator": {"enum": ["AND", "OR"]},
                        "operands": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_OPERANDS,
                            "items": {"$ref": "#/$defs/expression"},
                        },
                    },
                },
            ],
        }
    },
}
_LABEL = Draft202012Validator(LABEL_SCHEMA)
_MARKETING_ACTION = Draft202012Validator(MARKETING_ACTION_SCHEMA)
_POLICY = Draft202012Validator(POLICY_SCHEMA)


def read_label(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A label of one's own, complete. name: that of its address. Raises GovernanceInvalid."""
    given = _read(_LABEL, {"name": name, **body}, name, CORE_LABELS)
    return {
        "name": name,
        "category": given.get("category") or "Custom",
        "friendlyName": given.get("friendlyName") or name,
        "description": given.get("description", ""),
    }


def read_marketing_action(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A marketing action of one's own, complete. name: that of its address. Raises GovernanceInvalid."""
    given = _read(_MARKETING_ACTION, {"name": name, **body}, name, CORE_MARKETING_ACTIONS)
    return {"name": name, "description": given.get("description", "")}


def _read(
    validator: Draft202012Validator, body: Mapping[str, Any], name: str, core: Mapping[str, Any]
) -> dict[str, Any]:
    given = _of_shape(validator, body)
    if given["name"] != name:
        raise GovernanceInvalid(f"the name is that of the address, {name!r}", "$.name")
    if name in core:
        raise GovernanceInvalid(f"{name} is a core one, which can't be changed", "$.name")
    return given


def read_policy(body: Mapping[str, Any]) -> dict[str, Any]:
    """A policy, complete, its references short: `core/NAME`. Raises GovernanceInvalid, whose path names the fault.

    Whether labels and marketing actions exist is for the caller to say.
    """
    if _depth(body.get("deny")) > MAX_DEPTH:
        raise GovernanceInvalid(f"an expression nests at most {MAX_DEPTH} levels", "$.deny")
    given = _of_shape(_POLICY, body)
    if len(list(labels_in(given["deny"]))) > MAX_OPERANDS:
        raise GovernanceInvalid(f"an expression has at most {MAX_OPERANDS} labels", "$.deny")
    references: list[str] = []
    for index, text in enumerate(given["marketingActionRefs"]):
        found = short_reference(text)
        if not found:
            where = f"$.marketingActionRefs[{index}]"
            raise GovernanceInvalid("a marketing action is named core/NAME or custom/NAME", where)
        references.append(found)
    return {
        "name": given["name"],
        "description": given.get("description", ""),
        "status": given.get("status", "DRAFT"),
        "marketingActionRefs": list(dict.fromkeys(references)),
        "deny": _short(given["deny"]),
    }


def short_reference(text: str) -> str:
    """`core/NAME` or `custom/NAME` of a reference to a marketing action; empty when it is none."""
    found = _REFERENCE.search(text)
    return "" if found is None else f"{found[1]}/{found[2]}"


def _short(expression: Mapping[str, Any]) -> dict[str, Any]:
    """The expression with labels by their names alone."""
    if "label" in expression:
        return {"label": short_name(expression["label"])}
    return {"operator": expression["operator"], "operands": [_short(one) for one in expression["operands"]]}


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    is_level = isinstance(value, Mapping)
    return is_level + max((_depth(one) for one in inner), default=0)


def _of_shape(validator: Draft202012Validator, body: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in body.items() if name not in READ_ONLY and value is not None}
    for error in validator.iter_errors(given):
        tokens = "".join(f"[{token}]" if isinstance(token, int) else f".{token}" for token in error.instance_path)
        message = "{label} or {operator, operands}" if "oneOf" in error.message else error.message
        raise GovernanceInvalid(message, "$" + tokens)
    return given
