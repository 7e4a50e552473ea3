"""A test event: put together from a form or a code view, and checked before anything is sent (journeys §10.2)."""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from parcours.events.errors import Fault, TrialInvalid
from parcours.events.fields import covers
from parcours.events.language import compile_payload
from parcours.events.model import EVENT_ID_PATH, MAX_EVENT_BYTES, EventConfiguration
from parcours.kit.paths import get_in, set_in, split_pointer
from parcours.xdm.compiled import CompiledSchema

SOURCE = "Journey Orchestration Test Events"
"""`header.source.name` of what is sent, and what its connection and data sets are called."""
MAX_FAULTS = 20
_MEMBERS = frozenset({"payload", "fields", "profileIdentifier"})
_KEY_NAMED = re.compile(r"key \[(.*)\] ")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def build_entity(
    body: Mapping[str, Any],
    document: Mapping[str, Any],
    configuration: EventConfiguration,
    schema: CompiledSchema,
    defaults: Mapping[str, str],
) -> dict[str, Any]:
    """The XDM entity to send, which lands and is the event. Raises TrialInvalid with every fault and its JSON path.

    body: {"payload": the message or the entity} or {"fields": {pointer: value}}, the latter with "profileIdentifier".
    document: the event's stored one. defaults: the `_id` and `timestamp` of an entity that has none.
    """
    unknown = sorted(set(body) - _MEMBERS)
    if unknown:
        raise TrialInvalid([Fault(f"$.{unknown[0]}", f"a test event has no member {unknown[0]!r}")])
    if ("payload" in body) == ("fields" in body):
        raise TrialInvalid([Fault("$", "give either payload, the whole message, or fields, {pointer: value}")])
    if "payload" in body:
        if body.get("profileIdentifier") is not None:
            raise TrialInvalid([Fault("$.profileIdentifier", "a payload says itself whom it is about")])
        entity = _read_payload(body["payload"], document)
    else:
        entity = _read_form(body, document, schema)
    for name, text in defaults.items():
        entity.setdefault(name, text)
    if document["eventID"] is not None and get_in(entity, EVENT_ID_PATH) is None:
        set_in(entity, EVENT_ID_PATH, document["eventID"])
    faults = [_told(violation, entity) for violation in schema.violations(entity, MAX_FAULTS)]
    if not faults:
        faults = list(_not_the_event(entity, document, configuration))
    if faults:
        raise TrialInvalid(faults)
    return entity


def _read_payload(payload: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """The entity of a message, or the entity itself."""
    if not isinstance(payload, Mapping):
        raise TrialInvalid([Fault("$.payload", "a payload is a JSON object: the message, or its xdmEntity")])
    if "header" not in payload and "body" not in payload:
        return copy.deepcopy(dict(payload))
    for holder in ("header", "body.xdmMeta"):
        found = get_in(payload, [*holder.split("."), "schemaRef", "id"])
        if found is not None and found != document["schemaRef"]["id"]:
            message = f"the event is of schema {document['schemaRef']['id']}"
            raise TrialInvalid([Fault(f"$.payload.{holder}.schemaRef.id", message)])
    entity = get_in(payload, ("body", "xdmEntity"))
    if not isinstance(entity, Mapping):
        raise TrialInvalid([Fault("$.payload.body.xdmEntity", "a message holds its entity here, a JSON object")])
    return copy.deepcopy(dict(entity))


def _read_form(body: Mapping[str, Any], document: Mapping[str, Any], schema: CompiledSchema) -> dict[str, Any]:
    """An entity from values by the pointers of fields; null and "" are fields left blank."""
    values = body["fields"]
    if not isinstance(values, Mapping):
        raise TrialInvalid([Fault("$.fields", 'fields is an object {"/pointer": value}')])
    selected = [split_pointer(pointer) for pointer in document["fields"]]
    entity: dict[str, Any] = {}
    faults: list[Fault] = []
    for pointer, value in values.items():
        if value is None or value == "":
            continue
        message = _refuse_field(pointer, selected, schema)
        if message is None:
            set_in(entity, split_pointer(pointer), copy.deepcopy(value))
        else:
            faults.append(Fault(f"$.fields[{pointer!r}]", message))
    if faults:
        raise TrialInvalid(faults)
    identifier = body.get("profileIdentifier")
    if identifier is not None:
        set_key(entity, identifier, document, schema)
    return entity


def _refuse_field(pointer: str, selected: Sequence[Sequence[str]], schema: CompiledSchema) -> str | None:
    """Why a form can't hold a field; None when it can."""
    if not pointer.startswith("/"):
        return 'a field is a JSON pointer such as "/person/name"'
    tokens = split_pointer(pointer)
    if schema.field_at(tokens) is None:
        return f"schema {schema.title!r} has no such field"
    for depth in range(1, len(tokens)):
        if (schema.field_at(tokens[:depth]) or {}).get("type") == "array":
            return f"a list is given whole, as the value of {'/' + '/'.join(tokens[:depth])}"
    is_above = any(tuple(field[: len(tokens)]) == tokens for field in selected)
    return None if is_above or covers(selected, tokens) else "the event does not select this field"


def set_key(entity: dict[str, Any], value: Any, document: Mapping[str, Any], schema: CompiledSchema) -> None:
    """Put the profile identifier where the event's expression will find it, in the place of any that is there."""
    at = "$.profileIdentifier"
    text, name = document["profileIdentifier"], document["name"]
    if text is None:
        raise TrialInvalid([Fault(at, "a business event is about no person")])
    references = compile_payload(text, name, schema.document, None, at).references
    path = references[0].path if len(references) == 1 else ()
    if path == ("identityMap", "*", "id") and document["namespace"] is not None:
        given = entity.get("identityMap")
        others = given if isinstance(given, Mapping) else {}
        entity["identityMap"] = {**others, document["namespace"]: [{"id": value}]}
        return
    if not path or "*" in path or _refuse_field("/" + "/".join(path), [path], schema) is not None:
        raise TrialInvalid([Fault(at, f"it is computed by {text}: give the fields that this reads")])
    set_in(entity, path, value)


def _not_the_event(
    entity: Mapping[str, Any], document: Mapping[str, Any], configuration: EventConfiguration
) -> "list[Fault]":
    """Why a valid record is not the event it shall test."""
    found: list[Fault] = []
    if len(orjson.dumps(entity)) > MAX_EVENT_BYTES:
        found.append(Fault("$", f"the event is longer than the {MAX_EVENT_BYTES} bytes that journeys take"))
    if configuration.condition is not None and not configuration.condition(entity):
        found.append(Fault("$", f"it would not be this event: the condition is not true: {document['idCondition']}"))
    if document["eventID"] is not None and get_in(entity, EVENT_ID_PATH) != document["eventID"]:
        found.append(Fault("$." + ".".join(EVENT_ID_PATH), f"the id of this event is {document['eventID']}"))
    if configuration.type == "unitary" and not configuration.key(entity):
        found.append(Fault("$", f"it says of nobody that it is about them: {document['profileIdentifier']} is empty"))
    return found


def _told(violation: Mapping[str, Any], entity: Mapping[str, Any]) -> Fault:
    """A violation of the schema with the JSON path of its place."""
    message = str(violation["message"])
    tokens = list(split_pointer(str(violation["pointerToViolation"]).removeprefix("#")))
    if violation["keyword"] in ("required", "additionalProperties") and (named := _KEY_NAMED.search(message)):
        tokens.append(named[1])
    path, value = "$", entity
    for token in tokens:
        if isinstance(value, list):
            path += f"[{token}]"
        else:
            path += f".{token}" if _WORD.fullmatch(token) else f"[{token!r}]"
        value = get_in(value, (token,))
    return Fault(path, message)
