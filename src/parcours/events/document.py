"""The document of an event configuration: read, completed from the schema, compared with what is in use."""

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from parcours.events.errors import EventInUse, EventInvalid
from parcours.events.fields import ALWAYS, covers, read_fields, to_reference
from parcours.events.language import compile_key_text, compile_payload, rename_event
from parcours.events.model import EVENT_ID_PATH, Usage
from parcours.expressions.compiler import JourneyExpression
from parcours.expressions.types import Type
from parcours.identity.namespaces import Namespace, canonical_namespace
from parcours.kit.ids import new_hex
from parcours.kit.paths import split_pointer
from parcours.xdm.compiled import CompiledSchema

CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
_EVENT_ID = re.compile(r"[0-9a-f]{64}")
_WRITABLE = frozenset(
    {
        "name", "description", "type", "idType", "eventID", "schemaRef", "datasetId", "fields", "idCondition",
        "namespace", "profileIdentifier", "supplementalIdentifier",
    }
)  # fmt: skip
_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn"})
_ID_TYPES = ("systemGenerated", "ruleBased")


def schema_id_of(body: Mapping[str, Any]) -> str:
    """The `$id` of the schema a body names. Raises EventInvalid."""
    reference = body.get("schemaRef")
    if not isinstance(reference, Mapping) or not isinstance(reference.get("id"), str) or not reference["id"]:
        raise EventInvalid("schemaRef names the schema: {id, contentType}", "$.schemaRef")
    return str(reference["id"])


def namespace_of(body: Mapping[str, Any], schema: CompiledSchema) -> str | None:
    """The namespace code a body asks for; left out, that of the schema's primary identity. Raises EventInvalid."""
    if "namespace" not in body:
        return schema.primary_identity.namespace if schema.primary_identity else None
    code = body["namespace"]
    if code is not None and not isinstance(code, str):
        raise EventInvalid("namespace is the code of an identity namespace, such as Email", "$.namespace")
    return code or None


def read_document(
    body: Mapping[str, Any], schema: CompiledSchema, namespace: Namespace | None, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What is stored. `before` is the stored document that this one replaces. Raises EventInvalid."""
    unknown = sorted(set(body) - _WRITABLE - _READ_ONLY)
    if unknown:
        raise EventInvalid(f"an event has no member {unknown[0]!r}", f"$.{unknown[0]}")
    name = _read_name(body)
    id_type = body.get("idType")
    if id_type not in _ID_TYPES:
        raise EventInvalid("idType is systemGenerated or ruleBased", "$.idType")
    if body.get("type", "unitary") != "unitary":
        raise EventInvalid("type is unitary: business events can't be configured here", "$.type")
    if schema.behaviour != "time-series":
        raise EventInvalid(f"schema {schema.title!r} is no schema of events", "$.schemaRef.id")
    if namespace is not None and namespace.id_type == "NON_PEOPLE":
        raise EventInvalid(f"namespace {namespace.code!r} is not one of people", "$.namespace")
    if body.get("supplementalIdentifier") is not None:
        raise EventInvalid("supplemental identifiers can't be configured here", "$.supplementalIdentifier")
    code = None if namespace is None else namespace.code
    identifier, key_paths = _read_identifier(body, name, schema, code)
    condition, condition_paths = _read_condition(body, id_type, name, schema)
    required = [*ALWAYS, *key_paths, *condition_paths]
    if id_type == "systemGenerated":
        required.append(EVENT_ID_PATH)
    return {
        "name": name,
        "description": _read_text(body, "description", 4_000),
        "type": "unitary",
        "idType": id_type,
        "eventID": _read_event_id(body, id_type, schema, before),
        "schemaRef": {"id": schema.schema_id, "contentType": _read_content_type(body)},
        "datasetId": _read_text(body, "datasetId", 255) or None,
        "fields": read_fields(body.get("fields", []), schema, required),
        "idCondition": condition,
        "namespace": code,
        "profileIdentifier": identifier,
        "supplementalIdentifier": None,
    }


def _read_name(body: Mapping[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
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
    body: Mapping[str, Any], id_type: str, name: str, schema: CompiledSchema
) -> tuple[str | None, list[tuple[str, ...]]]:
    """(the rule, the fields it reads): without them no sender of what the preview shows would fulfil it."""
    text = body.get("idCondition")
    if id_type == "systemGenerated":
        if text:
            raise EventInvalid("only rule-based events have an idCondition", "$.idCondition")
        return None, []
    if not isinstance(text, str) or not text.strip():
        raise EventInvalid("a rule-based event has an idCondition, a boolean expression", "$.idCondition")
    expression = compile_payload(text, name, schema.document, Type.BOOLEAN, "$.idCondition")
    return text, _fields_of(expression)


def _fields_of(expression: JourneyExpression) -> list[tuple[str, ...]]:
    """The fields of the payload that an expression reads; of a map, the map."""
    paths = (tuple(takewhile(lambda token: token != "*", reference.path)) for reference in expression.references)
    return [path for path in paths if path]


def _read_identifier(
    body: Mapping[str, Any], name: str, schema: CompiledSchema, namespace: str | None
) -> tuple[str, list[tuple[str, ...]]]:
    """(expression of the key, the fields it reads). Source: journeys §4.2, item 8."""
    text = body.get("profileIdentifier")
    if text is not None and text != "":
        return str(text), _fields_of(compile_key_text(text, name, schema.document, "$.profileIdentifier"))
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


def with_name(body: Mapping[str, Any], old: str) -> dict[str, Any]:
    """A body whose expressions, written for the name `old`, follow its new name."""
    new = body.get("name")
    result = dict(body)
    if isinstance(new, str) and _NAME.fullmatch(new) and new != old:
        for member in ("idCondition", "profileIdentifier"):
            if isinstance(result.get(member), str):
                result[member] = rename_event(result[member], old, new)
    return result


def check_edit(before: Mapping[str, Any], after: Mapping[str, Any], usage: Usage) -> None:
    """Of an event in use only name and description change, and fields are added. Raises EventInUse.

    Source: journeys §3.2.
    """
    if not usage.total:
        return
    same_name = {**before}
    for member in ("idCondition", "profileIdentifier"):
        if same_name[member] is not None:
            same_name[member] = rename_event(same_name[member], before["name"], after["name"])
    for member in ("type", "idType", "schemaRef", "idCondition", "namespace", "profileIdentifier"):
        if same_name[member] != after[member]:
            raise EventInUse(f"the event is used by {usage}: its {member} can't be changed")
    chosen = [split_pointer(pointer) for pointer in after["fields"]]
    for pointer in before["fields"]:
        if not covers(chosen, split_pointer(pointer)):
            raise EventInUse(f"the event is used by {usage}: field {pointer} can't be taken away")
