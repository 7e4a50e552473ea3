"""What senders post, shown before anything was sent: with names of types, or with values that pass validation."""

from collections.abc import Mapping, Sequence
from typing import Any

from parcours.events.model import EVENT_ID_PATH
from parcours.identity.namespaces import canonical_namespace
from parcours.kit.paths import get_in, set_in, split_pointer
from parcours.xdm.compiled import CompiledSchema, build_validator

DATE_TIME = "2018-05-29T00:00:00.000Z"
_TYPES = {"integer": 10, "number": 10.0, "boolean": True}
_FORMATS = {
    "date": DATE_TIME[:10],
    "date-time": DATE_TIME,
    "email": "jane.doe@example.com",
    "idn-email": "jane.doe@example.com",
    "uri": "https://example.com/sample",
    "uri-reference": "https://example.com/sample",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
    "uuid": "3a4f1f0e-5e0c-4d54-9f5c-2f8f5a4f7a10",
    "time": "12:00:00Z",
    "regex": "string",
    "json-pointer": "/string",
}
_IDS = {
    "Email": "jane.doe@example.com",
    "ECID": "12345678901234567890123456789012345678",
    "Phone": "+15551234567",
    "Phone_E.164": "+15551234567",
}
"""Ids that the namespaces with rules of their own take; any other takes "string"."""
_ORCHESTRATION = EVENT_ID_PATH[:-1]
_MAX_REPAIRS = 200
_NOTHING: Any = object()


def show_types(document: Mapping[str, Any], namespace: str | None, event_id: str | None) -> dict[str, Any]:
    """An entity with the name of a type in every field of a cut schema. Source: journeys §4.3.

    Texts are "string", enumerations list their values ("open | closed"). The selected fields come first, then `_id`,
    `timestamp` and, of a system-generated event, its id.
    """
    return _entity(document, _type_name, namespace, "string", event_id, {"_id": "string", "timestamp": DATE_TIME})


def show_values(
    document: Mapping[str, Any], schema: CompiledSchema, namespace: str | None, event_id: str | None,
    last: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """The same with values that pass validation.

    Fields that an object needs come in though they are not selected; those whose pattern no known value meets are left
    out. schema: the whole one. last: the `_id` and `timestamp` to show.
    """
    entity = _entity(
        document, _value, namespace, _IDS.get(canonical_namespace(namespace or ""), "string"), event_id, {}
    )
    entity.update(last)
    for identity in schema.identities:
        wanted = _IDS.get(canonical_namespace(identity.namespace))
        if wanted is not None and _holds_text(entity, identity.path):
            set_in(entity, identity.path, wanted)
    for _ in range(_MAX_REPAIRS):
        faults = schema.violations(entity, 1)
        if not faults or not _repair(entity, schema, faults[0]):
            break
    return entity


def show_row(document: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a related schema, with such values. document: that schema, resolved."""
    value = _value(document)
    return value if isinstance(value, dict) else {}


def without_orchestration(entity: dict[str, Any]) -> None:
    """Take the event id's branch out of a sample: rule-based events have none. Source: journeys §4.3."""
    holders = [entity]
    for token in _ORCHESTRATION:
        child = holders[-1].get(token)
        if not isinstance(child, dict):
            return
        holders.append(child)
    for holder, token in reversed(list(zip(holders, _ORCHESTRATION, strict=False))):
        del holder[token]
        if holder:
            return


def _entity(
    document: Mapping[str, Any], show: Any, namespace: str | None, id_text: str, event_id: str | None,
    defaults: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    properties: Mapping[str, Any] = document.get("properties", {})
    last = ("_id", "timestamp", "_experience")
    entity: dict[str, Any] = {}
    for name in [*(n for n in properties if n not in last), *(n for n in last if n in properties)]:
        value = {namespace or "Email": [{"id": id_text}]} if name == "identityMap" else show(properties[name])
        if value is not _NOTHING:
            entity[name] = value
    for name, text in defaults.items():
        entity.setdefault(name, text)
    if event_id is not None:
        set_in(entity, EVENT_ID_PATH, event_id)
    return entity


def _type_name(node: Mapping[str, Any]) -> Any:
    choices = node.get("enum")
    if isinstance(choices, list) and choices:
        return " | ".join(str(choice) for choice in choices)
    kind = node.get("type")
    if kind == "array":
        items = node.get("items")
        return [_type_name(items)] if isinstance(items, Mapping) else []
    if kind == "object" or "properties" in node:
        properties = node.get("properties")
        if isinstance(properties, Mapping) and properties:
            return {name: _type_name(child) for name, child in properties.items() if isinstance(child, Mapping)}
        values = node.get("additionalProperties")
        return {"key": _type_name(values)} if isinstance(values, Mapping) else {}
    if kind in _TYPES:
        return _TYPES[str(kind)]
    return {"date": DATE_TIME[:10], "date-time": DATE_TIME}.get(str(node.get("format")), "string")


def _value(node: Mapping[str, Any]) -> Any:
    """A value that a node takes, `_NOTHING` when none is known."""
    choices = node.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    kind = node.get("type")
    if kind == "array":
        items = node.get("items")
        item = _value(items) if isinstance(items, Mapping) else _NOTHING
        return _NOTHING if item is _NOTHING else [item] * max(1, node.get("minItems", 1))
    if kind == "object" or "properties" in node:
        properties = node.get("properties")
        if isinstance(properties, Mapping) and properties:
            shown = {name: _value(child) for name, child in properties.items() if isinstance(child, Mapping)}
            kept = {name: value for name, value in shown.items() if value is not _NOTHING}
            return kept or _NOTHING
        values = node.get("additionalProperties")
        value = _value(values) if isinstance(values, Mapping) else _NOTHING
        return _NOTHING if value is _NOTHING else {"key": value}
    if kind in ("integer", "number"):
        return _number(node, is_whole=kind == "integer")
    if kind == "boolean":
        return True
    return _string(node)


def _number(node: Mapping[str, Any], *, is_whole: bool) -> int | float:
    low, high = node.get("minimum"), node.get("maximum")
    value: float = 10
    if high is not None and value > high:
        value = high
    if low is not None and value < low:
        value = low
    return int(value) if is_whole else float(value)


def _string(node: Mapping[str, Any]) -> Any:
    text = _FORMATS.get(str(node.get("format")), "string")
    least, most = node.get("minLength", 0), node.get("maxLength")
    for one in (node.get("default"), text, text.ljust(least, "g"), text[:most] if most is not None else None):
        if isinstance(one, str) and build_validator(node).is_valid(one):
            return one
    return _NOTHING


def _holds_text(entity: Mapping[str, Any], path: Sequence[str]) -> bool:
    value: Any = entity
    for token in path:
        value = value.get(token) if isinstance(value, Mapping) else None
    return isinstance(value, str)


def _repair(entity: dict[str, Any], schema: CompiledSchema, fault: Mapping[str, Any]) -> bool:
    """Add what is missing at a violation, or take out what stands there; whether that was possible."""
    pointer = str(fault["pointerToViolation"]).removeprefix("#")
    tokens = split_pointer(pointer)
    if fault["keyword"] == "required":
        node, holder = schema.field_at(tokens) or {}, get_in(entity, tokens)
        for name in node.get("required", ()):
            value = _value(node["properties"].get(name, {})) if name not in holder else _NOTHING
            if value is not _NOTHING:
                holder[name] = value
                return True
    return bool(tokens) and _take_out(entity, tokens)


def _take_out(entity: dict[str, Any], tokens: Sequence[str]) -> bool:
    """Remove a value, and the objects and lists that are empty then."""
    holders: list[Any] = [get_in(entity, tokens[:depth]) for depth in range(len(tokens))]
    for holder, token in reversed(list(zip(holders, tokens, strict=True))):
        del holder[int(token) if isinstance(holder, list) else token]
        if holder:
            break
    return True
