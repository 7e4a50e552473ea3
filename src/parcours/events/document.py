"""The document of an event configuration: read, and completed from the schema."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from parcours.events.errors import EventInvalid
from parcours.events.fields import ALWAYS, read_fields, to_reference
from parcours.events.language import compile_key_text, compile_payload
from parcours.events.links import Link
from parcours.events.model import EVENT_ID_PATH, EventType
from parcours.events.related_document import FindSources, read_related_document
from parcours.events.supplemental import FindNamespace, read_supplemental
from parcours.expressions.compiler import JourneyExpression
from parcours.expressions.types import Type
from parcours.identity.namespaces import Namespace, canonical_namespace
from parcours.kit.ids import new_hex
from parcours.xdm.compiled import CompiledSchema

CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
MAX_AGE_S = 10 * 365 * 86_400
"""Longest `maxAgeSeconds`."""
_EVENT_ID = re.compile(r"[0-9a-f]{64}")
_WRITABLE = frozenset(
    {
        "name", "description", "type", "idType", "eventID", "schemaRef", "datasetId", "fields", "idCondition",
        "namespace", "profileIdentifier", "supplementalIdentifier", "maxAgeSeconds", "related",
    }
)  # fmt: skip
_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn"})
_TYPES: tuple[EventType, ...] = ("unitary", "business")
_ID_TYPES = ("systemGenerated", "ruleBased")
_PERSONAL = ("namespace", "profileIdentifier", "supplementalIdentifier")
"""What says whom an event is about."""
_STEP_EVENT_CLASS = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEvent"
"""What journeys themselves write; it starts none (journeys §4.5)."""


def schema_id_of(body: Mapping[str, Any]) -> str:
    """The `$id` of the schema a body names. Raises EventInvalid."""
    reference = body.get("schemaRef")
    if not isinstance(reference, Mapping) or not isinstance(reference.get("id"), str) or not reference["id"]:
        raise EventInvalid("schemaRef names the schema: {id, contentType}", "$.schemaRef")
    return str(reference["id"])


def read_document(
    body: Mapping[str, Any],
    schema: CompiledSchema,
    find_namespace: FindNamespace,
    before: Mapping[str, Any] | None,
    links: Sequence[Link] = (),
    find_sources: FindSources = lambda _link: (),
) -> dict[str, Any]:
    """What is stored. `before` is the stored document that this one replaces. Raises EventInvalid.

    links: of the schema; find_sources: where their rows are. `related` is stored only where rows are read.
    """
    unknown = sorted(set(body) - _WRITABLE - _READ_ONLY)
    if unknown:
        raise EventInvalid(f"an event has no member {unknown[0]!r}", f"$.{unknown[0]}")
    name = _read_name(body)
    kind = _read_type(body)
    id_type = _read_id_type(body, kind)
    if schema.behaviour != "time-series":
        raise EventInvalid(f"schema {schema.title!r} is no schema of events", "$.schemaRef.id")
    if schema.class_id == _STEP_EVENT_CLASS:
        raise EventInvalid("step events of journeys are no events that journeys listen to", "$.schemaRef.id")
    read_about = _read_nobody if kind == "business" else _read_person
    about, about_paths = read_about(body, name, schema, find_namespace, links)
    condition, condition_paths = _read_condition(body, id_type, name, schema, links)
    required = [*ALWAYS, *about_paths, *condition_paths]
    if id_type == "systemGenerated":
        required.append(EVENT_ID_PATH)
    fields = read_fields(body.get("fields", []), schema, required, links)
    related = read_related_document(body.get("related"), fields, links, find_sources, before)
    return {
        "name": name,
        "description": _read_text(body, "description", 4_000),
        "type": kind,
        "idType": id_type,
        "eventID": _read_event_id(body, id_type, schema, before),
        "schemaRef": {"id": schema.schema_id, "contentType": _read_content_type(body)},
        "datasetId": _read_text(body, "datasetId", 255) or None,
        "fields": fields,
        **({"related": related} if related else {}),
        "idCondition": condition,
        **about,
        "maxAgeSeconds": _read_max_age(body),
    }


def _read_type(body: Mapping[str, Any]) -> EventType:
    kind: Any = body.get("type", "unitary")
    if kind not in _TYPES:
        raise EventInvalid("type is unitary or business", "$.type")
    return kind  # type: ignore[no-any-return]  # one of _TYPES


def _read_id_type(body: Mapping[str, Any], kind: EventType) -> str:
    if kind == "business":
        if body.get("idType", "ruleBased") != "ruleBased":
            raise EventInvalid("a business event is always rule-based: idType is ruleBased", "$.idType")
        return "ruleBased"
    id_type = body.get("idType")
    if id_type not in _ID_TYPES:
        raise EventInvalid("idType is systemGenerated or ruleBased", "$.idType")
    return str(id_type)


_About = tuple[dict[str, Any], list[tuple[str, ...]]]
"""(namespace, profileIdentifier and supplementalIdentifier as stored, the fields they read)"""


def _read_person(
    body: Mapping[str, Any], name: str, schema: CompiledSchema, find_namespace: FindNamespace, links: Sequence[Link]
) -> _About:
    """Whom a unitary event is about."""
    namespace = _read_namespace(body, schema, find_namespace)
    code = None if namespace is None else namespace.code
    identifier, key_paths = _read_identifier(body, name, schema, code, links)
    supplemental, paths = read_supplemental(body.get("supplementalIdentifier"), name, schema, find_namespace, links)
    about = {"namespace": code, "profileIdentifier": identifier, "supplementalIdentifier": supplemental}
    return about, [*key_paths, *paths]


def _read_nobody(
    body: Mapping[str, Any], name: str, schema: CompiledSchema, find_namespace: FindNamespace, links: Sequence[Link]
) -> _About:
    """That a business event is about no person. Source: journeys §4.5."""
    for member in _PERSONAL:
        if body.get(member) not in (None, ""):
            raise EventInvalid(f"a business event is about no person: it has no {member}", f"$.{member}")
    primary = schema.primary_identity
    if primary is not None:
        namespace = find_namespace(primary.namespace)
        if namespace is None or namespace.is_of_people:
            raise EventInvalid(
                f"the primary identity of schema {schema.title!r} is of namespace {primary.namespace}, "
                "which is one of people: a business event is about no person",
                "$.schemaRef.id",
            )
    return dict.fromkeys(_PERSONAL), []


def _read_namespace(body: Mapping[str, Any], schema: CompiledSchema, find_namespace: FindNamespace) -> Namespace | None:
    """The namespace a body asks for; left out, that of the schema's primary identity."""
    if "namespace" in body:
        code = body["namespace"] or None
        if code is not None and not isinstance(code, str):
            raise EventInvalid("namespace is the code of an identity namespace, such as Email", "$.namespace")
    else:
        code = schema.primary_identity.namespace if schema.primary_identity else None
    if code is None:
        return None
    namespace = find_namespace(code)
    if namespace is None:
        raise EventInvalid(f"no identity namespace {code!r} in this sandbox", "$.namespace")
    if not namespace.is_of_people:
        raise EventInvalid(f"namespace {namespace.code!r} is not one of people", "$.namespace")
    return namespace


def _read_max_age(body: Mapping[str, Any]) -> int | None:
    value = body.get("maxAgeSeconds")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_AGE_S:
        raise EventInvalid(
            f"maxAgeSeconds is a whole number of seconds from 1 to {MAX_AGE_S}, or null for any age", "$.maxAgeSeconds"
        )
    return value


def _read_name(body: Mapping[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise EventInvalid("name is 1 to 30 letters, digits and underscores, and does not begin with a digit", "$.name")
    return name


def _read_text(body: Mapping[str, Any], member: str, max_length: int) -> str:
    value = body.get(member)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > max_length:
        raise EventInvalid(f"{member} is a text of at most {max_length} characters", f"$.{member}")
    return value


def _read_content_type(body: Mapping[str, Any]) -> str:
    value = body["schemaRef"].get("contentType", CONTENT_TYPE)
    if not isinstance(value, str) or not value or len(value) > 200:
        raise EventInvalid("contentType is a media type", "$.schemaRef.contentType")
    return value


def _read_event_id(
    body: Mapping[str, Any], id_type: str, schema: CompiledSchema, before: Mapping[str, Any] | None
) -> str | None:
    """Made by the server when the event is first saved, and never changed.

    A new event may bring along the id that it has elsewhere: senders rely on it, whichever server they send to.
    """
    if id_type == "ruleBased":
        return None
    if schema.field_at(EVENT_ID_PATH) is None:
        raise EventInvalid(
            f"schema {schema.title!r} lacks the field group with {'.'.join(EVENT_ID_PATH)}, "
            "which a system-generated event needs",
            "$.schemaRef.id",
        )
    given = body.get("eventID")
    kept = given if before is None else before["eventID"]
    if kept is not None and not (isinstance(kept, str) and _EVENT_ID.fullmatch(kept)):
        raise EventInvalid(
            "eventID is 64 hexadecimal digits, as a server made them; left out, one is made", "$.eventID"
        )
    if given is not None and given != kept:
        raise EventInvalid("eventID is made by the server when the event is saved", "$.eventID")
    return kept or new_hex(64)


def _read_condition(
    body: Mapping[str, Any], id_type: str, name: str, schema: CompiledSchema, links: Sequence[Link]
) -> tuple[str | None, list[tuple[str, ...]]]:
    """(the rule, the fields it reads): without them no sender of what the preview shows would fulfil it."""
    text = body.get("idCondition")
    if id_type == "systemGenerated":
        if text:
            raise EventInvalid("only rule-based events have an idCondition", "$.idCondition")
        return None, []
    if not isinstance(text, str) or not text.strip():
        raise EventInvalid("a rule-based event has an idCondition, a boolean expression", "$.idCondition")
    expression = compile_payload(text, name, schema.document, Type.BOOLEAN, "$.idCondition", links)
    return text, _fields_of(expression)


def _fields_of(expression: JourneyExpression) -> list[tuple[str, ...]]:
    """The fields of the payload that an expression reads; of a map, the map."""
    paths = (tuple(takewhile(lambda token: token != "*", reference.path)) for reference in expression.references)
    return [path for path in paths if path]


def _read_identifier(
    body: Mapping[str, Any], name: str, schema: CompiledSchema, namespace: str | None, links: Sequence[Link]
) -> tuple[str, list[tuple[str, ...]]]:
    """(expression of the key, the fields it reads). Source: journeys §4.2, item 8."""
    text = body.get("profileIdentifier")
    if text is not None and text != "":
        return str(text), _fields_of(compile_key_text(text, name, schema.document, "$.profileIdentifier", links))
    primary = schema.primary_identity
    if primary is not None and (namespace is None or _is_same(primary.namespace, namespace)):
        return to_reference(name, primary.path), [primary.path]
    if namespace is not None and schema.has_identity_map:
        quoted = namespace.replace("\\", "\\\\").replace("'", "\\'")
        return f"@event{{{name}.identityMap.entry('{quoted}').first().id}}", [("identityMap",)]
    if primary is not None:
        raise EventInvalid(
            f"profileIdentifier is needed: the schema's primary identity is of namespace {primary.namespace}, "
            f"not {namespace}, and the schema has no identityMap",
            "$.profileIdentifier",
        )
    raise EventInvalid(
        "profileIdentifier is needed: the schema has no primary identity, and no identityMap with a namespace chosen",
        "$.profileIdentifier",
    )


def _is_same(code: str, other: str) -> bool:
    return canonical_namespace(code) == canonical_namespace(other)
