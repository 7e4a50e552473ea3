"""Violations in the words of the reference validator: its keywords, pointers and sentences."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from jsonschema_rs import Draft7Validator, ValidationError

from parcours.xdm.fieldtypes import TIME_PATTERNS

_JAVA_TYPES = {
    "string": "String",
    "number": "Number",
    "integer": "Integer",
    "boolean": "Boolean",
    "object": "JSONObject",
    "array": "JSONArray",
    "null": "Null",
}
_KEYS_FIRST = {"required": 0, "additionalProperties": 1}
"""The reference validator looks at an object's keys before it looks into them."""
_DATE_TIME_FORMS = (
    "yyyy-MM-dd'T'HH:mm:ssZ",
    "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1-9}Z",
    "yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm",
    "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1-9}[+-]HH:mm",
)
_FORMAT_OF = {pattern: name for name, pattern in TIME_PATTERNS.items()}
_FORMAT_NAMES = {
    "date": "date",
    "email": "email address",
    "ipv4": "ipv4 address",
    "ipv6": "ipv6 address",
    "uri": "URI",
    "uri-reference": "URI reference",
}


def leaves(validator: Draft7Validator, entity: Any, limit: int) -> list[dict[str, Any]]:
    """The first `limit` violations, missing and extraneous keys one leaf each."""
    found: list[dict[str, Any]] = []
    try:
        for error in validator.iter_errors(entity):
            found.extend(one for one in _leaves_of(error) if one not in found)  # two checks may say the same of a time
            if len(found) >= limit:
                break
    except ValueError:
        return [leaf((), (), "maxDepth", "the record is nested too deep")]
    return sorted(found[:limit], key=lambda one: _KEYS_FIRST.get(one["keyword"], 2))


def tree(violations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one node a validation answer shows above its leaves. Source: platform-apis §1.7."""
    count = len(violations)
    return {
        "schemaLocation": "#",
        "pointerToViolation": "#",
        "causingExceptions": list(violations),
        "message": f"{count} schema violation{'' if count == 1 else 's'} found",
    }


def leaf(
    schema_path: Sequence[str | int], instance_path: Sequence[str | int], keyword: str, message: str
) -> dict[str, Any]:
    """One violation; `schema_path` leads to the schema of the value, without the keyword."""
    return {
        "schemaLocation": _fragment(schema_path),
        "pointerToViolation": _fragment(instance_path),
        "causingExceptions": [],
        "keyword": keyword,
        "message": message,
    }


def _leaves_of(error: ValidationError) -> Iterable[dict[str, Any]]:
    kind = error.kind
    keyword = kind.name
    details = kind.as_dict()
    schema_path = error.schema_path[:-1] if error.schema_path else []
    value: Any = error.instance
    match keyword:
        case "additionalProperties":
            messages = [f"extraneous key [{key}] is not permitted" for key in details["unexpected"]]
        case "required":
            messages = [f"required key [{details['property']}] not found"]
        case "type":
            messages = [f"expected type: {_expected(details['types'])}, found: {_found(value)}"]
        case "enum" | "const":
            messages = [f"{_text(value)} is not a valid enum value"]
        case "format":
            messages = [_format_message(details["format"], value)]
        case "pattern" if details["pattern"] in _FORMAT_OF:
            keyword = "format"
            messages = [_format_message(_FORMAT_OF[details["pattern"]], value)]
        case "pattern":
            messages = [f"string [{value}] does not match pattern {details['pattern']}"]
        case "minimum":
            messages = [f"{_text(value)} is not greater or equal to {_text(details['limit'])}"]
        case "maximum":
            messages = [f"{_text(value)} is not less or equal to {_text(details['limit'])}"]
        case "exclusiveMinimum":
            messages = [f"{_text(value)} is not greater than {_text(details['limit'])}"]
        case "exclusiveMaximum":
            messages = [f"{_text(value)} is not less than {_text(details['limit'])}"]
        case "minLength":
            messages = [f"expected minLength: {details['limit']}, actual: {len(value)}"]
        case "maxLength":
            messages = [f"expected maxLength: {details['limit']}, actual: {len(value)}"]
        case "minItems":
            messages = [f"expected minimum item count: {details['limit']}, found: {len(value)}"]
        case "maxItems":
            messages = [f"expected maximum item count: {details['limit']}, found: {len(value)}"]
        case "minProperties":
            messages = [f"minimum size: [{details['limit']}], found: [{len(value)}]"]
        case "maxProperties":
            messages = [f"maximum size: [{details['limit']}], found: [{len(value)}]"]
        case "uniqueItems":
            messages = ["array items are not unique"]
        case "multipleOf":
            messages = [f"{_text(value)} is not a multiple of {_text(details['multiple_of'])}"]
        case _:
            messages = [error.message]
    return [leaf(schema_path, error.instance_path, keyword, message) for message in messages]


def _format_message(name: str, value: Any) -> str:
    if name == "date-time":
        return f"[{value}] is not a valid date-time. Expected [{', '.join(_DATE_TIME_FORMS)}]"
    return f"[{value}] is not a valid {_FORMAT_NAMES.get(name, name)}"


def _expected(types: Sequence[str]) -> str:
    return " or ".join(_JAVA_TYPES.get(name, name) for name in types)


def _found(value: Any) -> str:
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case int():
            return "Long"
        case float():
            return "Double"
        case str():
            return "String"
        case list():
            return "JSONArray"
        case _:
            return "JSONObject"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        return str(value)


def _fragment(path: Sequence[str | int]) -> str:
    return "#" + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)
