"""The supplemental identifier of a unitary event: a second dimension of its key, such as a booking (journeys §12.3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parcours.events.errors import EventInvalid
from parcours.events.language import as_key, compile_payload
from parcours.events.links import Link
from parcours.events.model import MAX_SUPPLEMENTAL_IDS
from parcours.expressions.journey_parser import parse_journey
from parcours.expressions.paths import walk
from parcours.expressions.references import schema_type
from parcours.expressions.syntax import Field, ReferenceTo, Selector
from parcours.expressions.types import Type
from parcours.identity.namespaces import Namespace, canonical_namespace
from parcours.xdm.compiled import CompiledSchema

_PLACE = "$.supplementalIdentifier"
_TEXT = f"{_PLACE}.expression"

FindNamespace = Callable[[str], Namespace | None]
"""A namespace of the sandbox by its code, in whatever case."""


def read_supplemental(
    value: Any, name: str, schema: CompiledSchema, find_namespace: FindNamespace, links: Sequence[Link] = ()
) -> tuple[dict[str, Any] | None, list[tuple[str, ...]]]:
    """(what is stored: {expression, namespace} or None, the fields it reads). Raises EventInvalid with the reason."""
    if value is None:
        return None, []
    if not isinstance(value, Mapping) or not set(value) <= {"expression", "namespace"}:
        raise EventInvalid("supplementalIdentifier is an object {expression, namespace}, or null", _PLACE)
    text = value.get("expression")
    if not isinstance(text, str) or not text.strip():
        raise EventInvalid("the supplemental identifier is an expression that chooses an attribute", _TEXT)
    compile_payload(text, name, schema.document, None, _TEXT, links)
    path = attribute_path(text)
    if path is None:
        raise EventInvalid(
            "the supplemental identifier chooses an attribute of the event and computes nothing: "
            "write a path such as @event{Name.bookings.number}",
            _TEXT,
        )
    _check_attribute(path, schema)
    namespace = _namespace_of(path, schema, find_namespace)
    given = value.get("namespace")
    if given is not None and (
        not isinstance(given, str) or canonical_namespace(given) != canonical_namespace(namespace)
    ):
        raise EventInvalid(
            f"the schema says that {'.'.join(path)} is an identity of namespace {namespace}: it can't be chosen here",
            f"{_PLACE}.namespace",
        )
    return {"expression": text, "namespace": namespace}, [path]


def attribute_path(text: str) -> tuple[str, ...] | None:
    """The path that a text names, lists passed through; None when it is more than a path, or no field's.

    `all()` without a condition says nothing and is left out. Raises ExpressionInvalid.
    """
    node = parse_journey(text)
    if not isinstance(node, ReferenceTo) or node.kind != "event" or node.default is not None or not node.steps:
        return None
    path: list[str] = []
    for step in node.steps:
        if isinstance(step, Field):
            path.append(step.name)
        elif step.name == "entry":
            path.append("*")
        elif not _is_bare_all(step):
            return None
    return tuple(path)


def _is_bare_all(step: Selector) -> bool:
    return step.name == "all" and step.argument is None


def _check_attribute(path: tuple[str, ...], schema: CompiledSchema) -> None:
    """A string, or a string in an array of objects; no map on the way."""
    where = ".".join(path)
    node: Mapping[str, Any] = schema.document
    for token in path:
        while node.get("type") == "array":
            node = node.get("items", {})
        if schema_type(node) is Type.MAP or token == "*":
            raise EventInvalid(f"{where} leads through a map: maps can't hold a supplemental identifier", _TEXT)
        node = node.get("properties", {}).get(token, {})
    kind = schema_type(node)
    if kind is Type.MAP:
        raise EventInvalid(f"{where} is a map: maps can't be a supplemental identifier", _TEXT)
    if kind is Type.LIST_STRING:
        raise EventInvalid(
            f"{where} is an array of strings: only a string inside an array of objects can be chosen", _TEXT
        )
    if kind is not Type.STRING:
        raise EventInvalid(f"a supplemental identifier is a string, {where} is of type {kind}", _TEXT)


def _namespace_of(path: tuple[str, ...], schema: CompiledSchema, find_namespace: FindNamespace) -> str:
    """The namespace that a descriptor gives the attribute."""
    where = ".".join(path)
    identity = next((one for one in schema.identities if one.path == path), None)
    if identity is None:
        raise EventInvalid(
            f"{where} is no identity: a descriptor of schema {schema.title!r} must say which namespace it is of", _TEXT
        )
    if identity.is_primary:
        raise EventInvalid(f"{where} is the schema's primary identity: it is whom the event is about", _TEXT)
    namespace = find_namespace(identity.namespace)
    if namespace is None:
        raise EventInvalid(f"{where} is of namespace {identity.namespace!r}, which this sandbox does not have", _TEXT)
    if namespace.is_of_people:
        raise EventInvalid(
            f"{where} is of namespace {namespace.code}, which is one of people: "
            "a supplemental identifier names a thing (id type NON_PEOPLE)",
            _TEXT,
        )
    return namespace.code


def supplemental_readers(
    path: tuple[str, ...],
) -> tuple[Callable[[Mapping[str, Any]], tuple[str, ...]], Callable[[Mapping[str, Any]], int]]:
    """What reads the supplemental ids of a record, and what counts them: see `EventConfiguration`."""

    def find(entity: Mapping[str, Any]) -> dict[str, None]:
        value = walk(entity, path)
        values = value if type(value) is list else (value,)
        # a key's rules: a text, not empty, not too long, without NUL
        return dict.fromkeys([text for one in values if type(one) is str and (text := as_key(one)) is not None])

    def read(entity: Mapping[str, Any]) -> tuple[str, ...]:
        found = find(entity)
        return tuple(found) if len(found) <= MAX_SUPPLEMENTAL_IDS else tuple(found)[:MAX_SUPPLEMENTAL_IDS]

    return read, lambda entity: len(find(entity))
