"""The document of a rule set: its JSON Schema, and what the schema can't say."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from jsonschema_rs import Draft202012Validator

from parcours.rulesets.errors import RuleSetInvalid
from parcours.rulesets.model import CHANNELS, DOMAINS, MAX_EVERY, WEEKDAYS

MAX_RULES = 50
MAX_PERIODS = 5
"""Of quiet hours (journeys §11)."""
MAX_LOOK_AHEAD_DAYS = 30
_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "usedIn"})
"""What is shown and may come back with a PUT, where it means nothing."""

_STATE = {"enum": ["draft", "active", "inactive"]}
_TIME = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_WINDOW = {
    "period": {"enum": list(MAX_EVERY), "description": "Windows are the calendar's, in UTC; weeks begin on Sunday."},
    "every": {
        "type": "integer",
        "minimum": 1,
        "maximum": max(MAX_EVERY.values()),
        "default": 1,
        "description": "How many periods make a window: up to 23 hours, 30 days, 4 weeks, 3 months.",
    },
}
_CHANNELS = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"enum": list(CHANNELS)},
    "description": "Several are counted together.",
}
_RULE = {
    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "description": "What its counts are kept under."},
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "state": {**_STATE, "default": "active"},
}


def _rule(kind: str, required: list[str], members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["id", "name", "type", *required],
        "additionalProperties": False,
        "properties": {**_RULE, "type": {"const": kind}, **members},
    }


_RULES: Mapping[str, dict[str, Any]] = {
    "entryCap": _rule("entryCap", ["limit", "period"], {"limit": _LIMIT, **_WINDOW}),
    "concurrencyCap": _rule(
        "concurrencyCap",
        ["limit"],
        {
            "limit": _LIMIT,
            "lookAheadDays": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_LOOK_AHEAD_DAYS,
                "default": 0,
                "description": "Scheduled journeys of higher priority in so many days, today the first, keep a place.",
            },
        },
    ),
    "frequencyCap": _rule(
        "frequencyCap", ["limit", "period", "channels"], {"limit": _LIMIT, **_WINDOW, "channels": _CHANNELS}
    ),
    "quietHours": _rule(
        "quietHours",
        ["channels", "periods", "handling"],
        {
            "channels": _CHANNELS,
            "periods": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_PERIODS,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "days": {
                            "type": "array",
                            "minItems": 1,
                            "uniqueItems": True,
                            "items": {"enum": list(WEEKDAYS)},
                            "description": "On which it begins.",
                        },
                        "firstDate": {**_DATE, "description": "In place of days: the first on which it begins."},
                        "lastDate": {**_DATE, "description": "The last on which it begins."},
                        "from": {**_TIME, "default": "00:00"},
                        "to": {
                            "type": "string",
                            "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
                            "default": "24:00",
                            "description": "Not after `from`: on the day after.",
                        },
                    },
                    "oneOf": [{"required": ["days"]}, {"required": ["firstDate", "lastDate"]}],
                    "dependentRequired": {"firstDate": ["lastDate"], "lastDate": ["firstDate"]},
                },
            },
            "timeZone": {"type": "string", "default": "UTC", "description": "An IANA zone, such as Europe/Paris."},
            "useProfileTimeZone": {
                "type": "boolean",
                "default": False,
                "description": "The profile's own timeZone; nothing is quiet for who has none.",
            },
            "handling": {
                "enum": ["queue", "discard"],
                "description": "queue: sent when it is over, seven days later at most; discard: never sent.",
            },
        },
    ),
}
_TYPES_OF: Mapping[str, tuple[str, ...]] = {
    "journey": ("entryCap", "concurrencyCap"),
    "channel": ("frequencyCap", "quietHours"),
}
RULE_SET_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Rule set",
    "description": "Limits on how many journeys an individual enters, or how many messages they get.",
    "type": "object",
    "required": ["name", "domain", "rules"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": {"type": "string", "maxLength": 4000, "default": ""},
        "domain": {"enum": list(DOMAINS)},
        "isGlobal": {
            "type": "boolean",
            "default": False,
            "description": "Applies to everything, named or not; one for each domain.",
        },
        "state": {**_STATE, "default": "draft"},
        "rules": {"type": "array", "maxItems": MAX_RULES, "items": {"$ref": "#/$defs/rule"}},
    },
    "$defs": {
        "rule": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": list(_RULES)}},
            "allOf": [
                {
                    "if": {"required": ["type"], "properties": {"type": {"const": kind}}},
                    "then": {"$ref": f"#/$defs/{kind}"},
                }
                for kind in _RULES
            ],
        },
        **_RULES,
    },
}
_VALIDATOR = Draft202012Validator(RULE_SET_SCHEMA)


def read_document(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body as it is stored, its defaults filled in. Raises RuleSetInvalid with the path of the fault."""
    given = {name: value for name, value in body.items() if name not in _READ_ONLY}
    for error in _VALIDATOR.iter_errors(given):
        raise RuleSetInvalid(error.message, _path(error.instance_path))
    document = {
        "name": given["name"],
        "description": given.get("description", ""),
        "domain": given["domain"],
        "isGlobal": given.get("isGlobal", False),
        "state": given.get("state", "draft"),
        "rules": [{**rule, "state": rule.get("state", "active")} for rule in given["rules"]],
    }
    ids: set[str] = set()
    for index, rule in enumerate(document["rules"]):
        where = f"$.rules[{index}]"
        if rule["id"] in ids:
            raise RuleSetInvalid(f"two rules have the id {rule['id']!r}", f"{where}.id")
        ids.add(rule["id"])
        _check_rule(document, rule, where)
    if document["state"] != "draft" and not any(rule["state"] == "active" for rule in document["rules"]):
        raise RuleSetInvalid("a set without an active rule can only be a draft", "$.state")
    return document


def _check_rule(document: Mapping[str, Any], rule: Mapping[str, Any], where: str) -> None:
    domain = document["domain"]
    if rule["type"] not in _TYPES_OF[domain]:
        kinds = " and ".join(_TYPES_OF[domain])
        raise RuleSetInvalid(f"a set of the {domain} domain has rules of the types {kinds}", f"{where}.type")
    most = MAX_EVERY.get(rule.get("period", ""))
    if most is not None and rule.get("every", 1) > most:
        raise RuleSetInvalid(f"a window has up to {most} {rule['period']}s", f"{where}.every")
    if rule["type"] != "quietHours":
        return
    if document["isGlobal"]:
        raise RuleSetInvalid("quiet hours are no part of a global set: journeys name the set that has them", where)
    if rule.get("useProfileTimeZone") and "timeZone" in rule:
        raise RuleSetInvalid("either timeZone or useProfileTimeZone", f"{where}.timeZone")
    try:
        ZoneInfo(rule.get("timeZone", "UTC"))
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise RuleSetInvalid(f"no time zone {rule['timeZone']!r}", f"{where}.timeZone") from None
    for place, period in enumerate(rule["periods"]):
        at = f"{where}.periods[{place}]"
        if period.get("from", "00:00") == period.get("to", "24:00"):
            raise RuleSetInvalid("the period is empty: it ends when it begins; a whole day has neither", f"{at}.to")
        if "firstDate" in period:
            first, last = (_read_date(period[name], f"{at}.{name}") for name in ("firstDate", "lastDate"))
            if last < first:
                raise RuleSetInvalid("the last date is before the first", f"{at}.lastDate")


def _read_date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleSetInvalid(f"{text!r} is no date", where) from None


def _path(tokens: Any) -> str:
    return "$" + "".join(f"[{token}]" if isinstance(token, int) else f".{token}" for token in tokens)
