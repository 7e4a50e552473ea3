"""The journey document as a JSON Schema, put together from the kinds of activities."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from parcours.journeys.activities import KINDS
from parcours.journeys.activities.kind import DYNAMIC_VALUES_SCHEMA, Kind
from parcours.journeys.metrics import METRICS_SCHEMA

MAX_BYTES = 2_000_000
"""Largest document, as minified JSON (journeys §10.1)."""
MAX_DEPTH = 64
MAX_NODES = 50
MAX_REENTRANCE_WAIT_S = 90 * 86_400
DEFAULT_REENTRANCE_WAIT_S = 300
DEFAULT_ACTION_S = 30
DEFAULT_GLOBAL_DAYS = 91
_SHOWN_CHARACTERS = 200
NODE_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"


def build_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a journey document."""
    node_id = {"type": "string", "pattern": NODE_ID_PATTERN}
    words = {
        "type": "array", "maxItems": 50, "uniqueItems": True,
        "items": {"type": "string", "minLength": 1, "maxLength": 64},
    }  # fmt: skip
    date_time = {"type": "string", "maxLength": 40}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Journey",
        "description": "One journey: who enters, the activities, and the arrows between them.",
        "type": "object",
        "required": ["name", "entry", "nodes"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 255, "description": "Shown in lists and reports."},
            "description": {"type": "string", "maxLength": 4000},
            "entry": {
                "type": "object",
                "required": ["node"],
                "additionalProperties": False,
                "properties": {
                    "node": {**node_id, "description": "The first activity: an event, or Read audience."},
                    "multipleExecutions": {
                        "type": "boolean",
                        "default": False,
                        "description": "After a business event: an individual may be inside once for each event.",
                    },
                    "reentrance": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "allowed": {"type": "boolean", "default": True},
                            "waitSeconds": {
                                "type": "integer",
                                "minimum": 0,
                                "maximum": MAX_REENTRANCE_WAIT_S,
                                "default": DEFAULT_REENTRANCE_WAIT_S,
                                "description": "Least time between two entrances of one individual.",
                            },
                        },
                    },
                },
            },
            "startDate": {**date_time, "description": "Nobody enters before; left out: the publication."},
            "endDate": {**date_time, "description": "Nobody enters from here on, and those inside leave."},
            "exitCriteria": {
                "type": "array",
                "maxItems": 50,
                "description": "What takes an individual out, wherever they are; the first that applies is told.",
                "items": {
                    "type": "object",
                    "required": ["id"],
                    "additionalProperties": False,
                    "properties": {
                        "id": {"type": "string", "minLength": 1, "maxLength": 64},
                        "label": {"type": "string", "maxLength": 200},
                        "eventUid": {"type": "string", "minLength": 1, "maxLength": 255},
                        "expression": {"type": "string", "minLength": 1, "description": "Over the event's payload."},
                        "audienceId": {"type": "string", "minLength": 1, "maxLength": 64},
                        "verbs": {
                            "type": "array",
                            "minItems": 1,
                            "uniqueItems": True,
                            "items": {"enum": ["enter", "exit"]},
                        },
                    },
                    "oneOf": [{"required": ["eventUid"]}, {"required": ["audienceId"]}],
                    "dependentRequired": {"expression": ["eventUid"], "verbs": ["audienceId"]},
                },
            },
            "priority": {
                "type": "integer",
                "minimum": 0,
                "maximum": 100,
                "default": 0,
                "description": "The higher one is entered first where a rule set leaves room for fewer journeys.",
            },
            "ruleSet": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "description": "A rule set of the journey domain that entrances are under, beside the global one.",
            },
            "tags": {**words, "description": "Words to find the journey by."},
            "metrics": METRICS_SCHEMA,
            "maxMessagesPerPath": {
                "type": "integer",
                "minimum": 0,
                "maximum": 50,
                "description": "The check refuses a journey that can send an individual more.",
            },
            "useProfileTimeZone": {
                "type": "boolean",
                "default": False,
                "description": "Read times in the profile's own timeZone; timeZone is for profiles without one.",
            },
            "timeZone": {"type": "string", "default": "UTC", "description": "An IANA zone, such as Europe/Paris."},
            "timeouts": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "actionSeconds": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 30,
                        "default": DEFAULT_ACTION_S,
                        "description": "Time limit of one external call, retries included.",
                    },
                    "globalDays": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": DEFAULT_GLOBAL_DAYS,
                        "default": DEFAULT_GLOBAL_DAYS,
                        "description": "How long an individual stays in the journey at most.",
                    },
                },
            },
            "nodes": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": node_id,
                "additionalProperties": {"$ref": "#/$defs/node"},
                "description": "The activities by id; ids are stable, labels are free.",
            },
            "edges": {
                "type": "array",
                "maxItems": 5000,
                "items": {
                    "type": "object",
                    "required": ["from", "to"],
                    "additionalProperties": False,
                    "properties": {
                        "from": node_id,
                        "to": node_id,
                        "kind": {"enum": ["default", "path", "timeout", "error", "other"], "default": "default"},
                        "path": {"type": "string", "description": "Id of the path; only with kind `path`."},
                    },
                    "if": {"required": ["kind"], "properties": {"kind": {"const": "path"}}},
                    "then": {"required": ["path"]},
                    "else": {"properties": {"path": False}},
                },
            },
            "layout": {"type": "object", "description": "Canvas positions; without meaning for the run."},
        },
        "$defs": {
            "node": {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"enum": list(kinds)},
                    "label": {"type": "string", "maxLength": 200},
                    "description": {"type": "string", "maxLength": 4000},
                },
                "allOf": [
                    {
                        "if": {"required": ["type"], "properties": {"type": {"const": kind.type}}},
                        "then": {"$ref": f"#/$defs/{kind.type}"},
                    }
                    for kind in kinds.values()
                ],
            },
            **{kind.type: _node_schema(kind) for kind in kinds.values()},
        },
    }


def _node_schema(kind: Kind) -> dict[str, Any]:
    common = {
        "type": {"const": kind.type},
        "label": {"type": "string"},
        "description": {"type": "string"},
        "dynamicValues": DYNAMIC_VALUES_SCHEMA,
    }
    members = {**common, **kind.schema.get("properties", {})}
    return {**kind.schema, "properties": members, "additionalProperties": False}


DOCUMENT_SCHEMA = build_schema(KINDS)
_VALIDATOR = Draft202012Validator(DOCUMENT_SCHEMA)


def shape_faults(
    document: Any, limit: int = 50, validator: Draft202012Validator | None = None
) -> Iterator[tuple[list[str | int], str]]:
    """Where the document is not as the schema says: (path, message), at most `limit`. validator: of another schema."""
    for count, error in enumerate((validator or _VALIDATOR).iter_errors(document)):
        if count == limit:
            return
        yield list(error.instance_path), _message(error)


def _message(error: ValidationError) -> str:
    """The validator's words; of a choice, all of them: it names the first two and counts the rest."""
    if not isinstance(error.kind, ValidationErrorKind.Enum):
        return error.message
    choices = ", ".join(f'"{choice}"' for choice in error.kind.options)
    given = orjson.dumps(error.instance).decode()
    return f"{given if len(given) <= _SHOWN_CHARACTERS else 'this'} is not one of {choices}"


def is_too_deep(document: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether the document nests more than `limit` levels; counts without recursion."""
    level: list[Any] = [document]
    for _ in range(limit + 1):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def with_whole_numbers(value: Any) -> Any:
    """The document with 30 for 30.0: JSON Schema takes both for integers, and who computes wants integers."""
    if isinstance(value, dict):
        return {key: with_whole_numbers(child) for key, child in value.items()}
    if isinstance(value, list):
        return [with_whole_numbers(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def json_path(tokens: list[str | int]) -> str:
    """`$.nodes.wait1.duration` of a path; keys that are no plain words are quoted."""
    text = "$"
    for token in tokens:
        if isinstance(token, int):
            text += f"[{token}]"
        elif token.replace("_", "").replace("-", "").isalnum():
            text += f".{token}"
        else:
            text += f"[{token!r}]"
    return text


def transition_of(edge: Mapping[str, Any]) -> str:
    """The transition an edge stands for: its kind, or `path:<id>`."""
    kind = edge.get("kind", "default")
    return f"path:{edge['path']}" if kind == "path" else str(kind)
