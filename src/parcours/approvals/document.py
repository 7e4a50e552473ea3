"""The document of an approval policy: its JSON Schema, and its defaults."""

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

from parcours.approvals.errors import ApprovalPolicyInvalid
from parcours.approvals.model import ACTIONS, ENTRY_TYPES

_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "mayApprove"})
"""What is shown and may come back with a PUT, where it means nothing."""
_MAX = 50
_NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "\\S"}


def _list(items: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "array", "maxItems": _MAX, "uniqueItems": True, "default": [], "items": items,
        "description": description,
    }  # fmt: skip


_PEOPLE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "users": _list(_NAME, "Users of the organisation by id or e-mail address; kept by id."),
        "roles": _list(_NAME, "Ids of roles: whoever has one of them."),
    },
}
APPROVAL_POLICY_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Approval policy",
    "type": "object",
    "required": ["name", "approvers"],
    "additionalProperties": False,
    "properties": {
        "name": {**_NAME, "description": "No two policies of a sandbox share one."},
        "description": {"type": "string", "maxLength": 4000, "default": ""},
        "state": {"enum": ["active", "inactive"], "default": "active"},
        "conditions": {
            "type": "object",
            "additionalProperties": False,
            "default": {},
            "description": "Which journeys: all conditions that have values hold; of its values, one is enough.",
            "properties": {
                "tags": _list(_NAME, "Tags of the journey."),
                "entryTypes": _list({"enum": list(ENTRY_TYPES)}, "How people enter."),
                "actions": _list({"enum": list(ACTIONS)}, "What the journey sends or calls."),
                "nameContains": _list(_NAME, "A part of the journey's name, in any case."),
                "requesters": {**_PEOPLE, "description": "Who publishes, or requests the approval."},
            },
        },
        "approvers": {**_PEOPLE, "description": "Who may approve; never who wrote the version or requests it."},
    },
}
_VALIDATOR = Draft202012Validator(APPROVAL_POLICY_SCHEMA)
Resolve = Callable[[str, str, str], str]
"""("users" | "roles", id or e-mail address, JSON path) → id; raises ApprovalPolicyInvalid."""


def read_document(body: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    """A request's body as it is stored, its defaults filled in. Raises ApprovalPolicyInvalid with the fault's path."""
    given = {name: value for name, value in body.items() if name not in _READ_ONLY}
    for error in _VALIDATOR.iter_errors(given):
        raise ApprovalPolicyInvalid(error.message, _path(error.instance_path))
    conditions = given.get("conditions", {})
    approvers = _people(given["approvers"], "$.approvers", resolve)
    if not approvers["users"] and not approvers["roles"]:
        raise ApprovalPolicyInvalid("a policy names users or roles that may approve", "$.approvers")
    return {
        "name": given["name"],
        "description": given.get("description", ""),
        "state": given.get("state", "active"),
        "conditions": {
            **{name: conditions.get(name, []) for name in ("tags", "entryTypes", "actions", "nameContains")},
            "requesters": _people(conditions.get("requesters", {}), "$.conditions.requesters", resolve),
        },
        "approvers": approvers,
    }


def _people(given: Mapping[str, Any], path: str, resolve: Resolve) -> dict[str, list[str]]:
    return {
        kind: list(
            dict.fromkeys(resolve(kind, one, f"{path}.{kind}[{i}]") for i, one in enumerate(given.get(kind, ())))
        )
        for kind in ("users", "roles")
    }


def _path(parts: list[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
