"""Where documents name other resources. In files they do so by key; on a server by id."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from parcours.ascode.model import XDM, Document
from parcours.channels.model import INBOX
from parcours.kit.yaml_text import Tokens

SCHEMA = "schemas"
"""Stands for all of the Schema Registry's kinds, whose titles are unique among them."""
Change = Callable[[str, str, Tokens], str]
"""(kind named, what the document says, where) → what it shall say."""

_OF_JOURNEYS: Mapping[str, str] = {
    "eventUid": "events",
    "actionUid": "actions",
    "journeyUid": "journeys",
    "targetJourneyUid": "journeys",
    "audienceId": "audiences",
    "dataSetId": "datasets",
    "ruleSet": "rule-sets",
    "rule": "decision-rules",
    "templateUid": "message-templates",
    "configurationUid": "channel-configurations",
}
"""Members of a journey document, or of a fragment, that name something, in whatever kind of activity they stand."""
_FIXED: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "datasets": ((("schemaRef", "id"), SCHEMA),),
    "mappings": ((("outputSchema", "schemaRef", "id"), SCHEMA),),
    "flows": (
        (("inlet",), "inlets"),
        (("dataset",), "datasets"),
        (("mapping",), "mappings"),
        (("target", "data", "schema", "id"), SCHEMA),
        (("target", "baseConnectionId"), "inlets"),
    ),
    "merge-policies": ((("attributeMerge", "order"), "datasets"),),
    "events": ((("schemaRef", "id"), SCHEMA), (("datasetId",), "datasets"), (("related", "datasetId"), "datasets")),
}
_MARK = "title:"
_LIKE_A_REFERENCE = re.compile(r"[#_]|https?:|title:")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24}|[0-9a-f]{32}")


def map_references(kind: str, document: Document, change: Change) -> Document:
    """The document with every reference changed; what holds none of them is the same object as before."""
    if kind in XDM:
        result: Document = _map_schema(document, change, ())
        return result
    if kind in ("journeys", "fragments"):
        return {
            name: value if name == "layout" else _map_journey(name, value, change, (name,))
            for name, value in document.items()
        }
    result = document
    for path, named in _FIXED.get(kind, ()):
        result = _map_at(result, path, named, change, ())
    return result


def references(kind: str, document: Document) -> list[tuple[str, str, Tokens]]:
    """(kind named, text, where) of each reference."""
    found: list[tuple[str, str, Tokens]] = []

    def note(named: str, text: str, path: Tokens) -> str:
        found.append((named, text, path))
        return text

    map_references(kind, document, note)
    return found


def is_id(text: str) -> bool:
    """Whether a text looks like an id of a server: it then stays as it is where no resource has it for a key."""
    return bool(_ID.fullmatch(text))


def to_title(text: str) -> str | None:
    """The title that a `$ref` in a file names; None for a `$id`, a `meta:altId` or a place in the same document."""
    if text.startswith(_MARK):
        return text.removeprefix(_MARK)
    return None if _LIKE_A_REFERENCE.match(text) else text


def from_title(title: str) -> str:
    """How a file names a resource of the registry by its title."""
    return f"{_MARK}{title}" if _LIKE_A_REFERENCE.match(title) else title


def _map_at(value: Any, path: tuple[str, ...], named: str, change: Change, here: Tokens) -> Any:
    if not path:
        if isinstance(value, list):
            return [
                change(named, one, (*here, place)) if isinstance(one, str) else one for place, one in enumerate(value)
            ]
        return change(named, value, here) if isinstance(value, str) else value
    if isinstance(value, list):
        return [_map_at(one, path, named, change, (*here, place)) for place, one in enumerate(value)]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return {**value, path[0]: _map_at(value[path[0]], path[1:], named, change, (*here, path[0]))}


def _map_journey(name: str, value: Any, change: Change, here: Tokens) -> Any:
    if isinstance(value, dict):
        return {key: _map_journey(key, child, change, (*here, key)) for key, child in value.items()}
    if isinstance(value, list):
        return [_map_journey(name, child, change, (*here, place)) for place, child in enumerate(value)]
    named = _OF_JOURNEYS.get(name)
    if name == "configurationUid" and value == INBOX:
        return value  # every sandbox has it, and it has no file
    return change(named, value, here) if named is not None and isinstance(value, str) else value


def _map_schema(value: Any, change: Change, here: Tokens) -> Any:
    """`$ref` anywhere, but not as the name of a field; what a schema extends; where a relationship leads."""
    if isinstance(value, list):
        return [_map_schema(child, change, (*here, place)) for place, child in enumerate(value)]
    if not isinstance(value, dict):
        return value
    result: Document = {}
    for key, child in value.items():
        path = (*here, key)
        if key in ("properties", "definitions") and isinstance(child, dict):
            result[key] = {name: _map_schema(field, change, (*path, name)) for name, field in child.items()}
        elif key in ("$ref", "xdm:destinationSchema") and isinstance(child, str) and not child.startswith("#"):
            result[key] = change(SCHEMA, child, path)
        elif key == "meta:intendedToExtend" and isinstance(child, list):
            result[key] = _map_at(child, (), SCHEMA, change, path)
        elif key in ("enum", "meta:enum", "default", "const", "examples", "meta:tags"):
            result[key] = child
        else:
            result[key] = _map_schema(child, change, path)
    return result
