"""What expressions at a place may read, as a designer lists it: roots, each with its fields by path. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from parcours.actions.model import AnswerShape
from parcours.events.fields import to_steps
from parcours.expressions.library import JOURNEY
from parcours.expressions.library_help import GROUPS
from parcours.expressions.references import (
    AUDIENCE_ENRICHMENT,
    EXPERIENCE_EVENTS,
    JOURNEY_PROPERTIES,
    PLATFORM,
    QUALIFICATION,
    schema_type,
)
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import SourceShape
from parcours.journeys.language import NodeScope, answer_type

MAX_FIELDS = 2_000
"""Most fields told of a root; those nearest to it come first into the count."""
_MAX_DEPTH = 12
RootKind = Literal["event", "profile", "dataSource", "action", "journeyProperties", "datasetLookup"]
Schema = Mapping[str, Any]


def roots_of(
    scope: NodeScope,
    platform: Mapping[str, Schema | None],
    sources: Mapping[str, SourceShape],
    *,
    has_qualification: bool = False,
    seen: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """What may be read: events, the profile, its events, answers of actions, data sets, data sources, properties.

    has_qualification: whether somebody may have come here by entering or leaving an audience. seen: attributes that
    members of the audience read have, where it declares no fields: any other may be read, too.
    """
    roots = [_of_schema("event", f"@event{{{name}", name, schema) for name, schema in scope.events.items()]
    if has_qualification:
        name = "AudienceQualification"
        roots.append(_of_schema("event", f"@event{{{name}", name, QUALIFICATION))
    for group, schema in platform.items():
        kind: RootKind = "dataSource" if group in (EXPERIENCE_EVENTS, AUDIENCE_ENRICHMENT) else "profile"
        root = _of_schema(kind, f"#{{{PLATFORM}.{group}", group, schema)
        if group == AUDIENCE_ENRICHMENT and schema is None:
            fields = [_field(root["reference"], (name,), Type.ANY, {}, is_in_list=False) for name in seen]
            root = {**root, "fields": fields[:MAX_FIELDS]}
        roots.append(root)
    for name, action in scope.actions.items():
        fields = [_field(f"@action{{{name}", ("jo_status_code",), Type.STRING, {}, is_in_list=False)]
        if action.answer is not None:
            fields += _answer_fields(f"@action{{{name}", action.answer, ())
        if action.failure is not None:
            fields += _answer_fields(f"@action{{{name}", action.failure, ("errorResponse",))
        roots.append(_root("action", f"@action{{{name}", name, fields))
    for name, row in scope.lookups.items():
        rows = None if row is None else {"type": "object", "properties": {"entities": {"type": "array", "items": row}}}
        roots.append(_of_schema("datasetLookup", f"@datasetLookup{{{name}", name, rows))
    for source in sources.values():
        for name, group_shape in source.groups.items():
            reference = f"#{{{source.name}.{name}"
            fields = list(_answer_fields(reference, group_shape.answer, ()))
            values = list(group_shape.dynamic_values)
            roots.append({**_root("dataSource", reference, f"{source.name}.{name}", fields), "dynamicValues": values})
    properties = [
        {**_field("${", (), kind, {}, is_in_list=False), "path": name, "expression": f"${{{name}}}"}
        for name, kind in JOURNEY_PROPERTIES.items()
    ]
    roots.append(_root("journeyProperties", "${", "Journey properties", properties))
    return roots


def _root(kind: RootKind, reference: str, title: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "reference": reference,
        "kind": kind,
        "title": title,
        "fields": fields[:MAX_FIELDS],
        "isOpen": False,
        "isCut": len(fields) > MAX_FIELDS,
    }


def _of_schema(kind: RootKind, reference: str, title: str, schema: Schema | None) -> dict[str, Any]:
    """A root of a closed JSON Schema; None: any field may be read, and none can be listed."""
    fields = [] if schema is None else list(_schema_fields(reference, schema))
    shown = _root(kind, reference, str((schema or {}).get("title") or title), fields)
    return {**shown, "isOpen": schema is None}


def _schema_fields(reference: str, schema: Schema) -> Iterator[dict[str, Any]]:
    """Every field, those of the objects in a list among them, level by level; one more than MAX_FIELDS at most."""
    open_nodes: deque[tuple[tuple[str, ...], Schema, bool]] = deque([((), schema, False)])
    count = 0
    while open_nodes:
        path, node, is_in_list = open_nodes.popleft()
        while schema_type(node).is_list and isinstance(node.get("items"), Mapping):
            node, is_in_list = node["items"], True
        properties = node.get("properties")
        if not isinstance(properties, Mapping) or len(path) >= _MAX_DEPTH:
            continue
        for name, child in properties.items():
            if not isinstance(child, Mapping):
                continue
            below = (*path, name)
            yield _field(reference, below, schema_type(child), child, is_in_list=is_in_list)
            count += 1
            if count > MAX_FIELDS:
                return
            open_nodes.append((below, child, is_in_list))


def _answer_fields(reference: str, shape: AnswerShape, above: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every field of an answer, as its sample has them. above: where the answer stands below the root."""
    open_nodes: deque[tuple[tuple[str, ...], Any, bool]] = deque([((), shape.sample, False)])
    while open_nodes:
        path, node, is_in_list = open_nodes.popleft()
        while isinstance(node, list):
            node, is_in_list = (node[0] if node else None), True
        if not isinstance(node, Mapping) or len(path) >= _MAX_DEPTH:
            continue
        for name, child in node.items():
            below = (*path, name)
            yield _field(reference, (*above, *below), answer_type(shape, below), {}, is_in_list=is_in_list)
            open_nodes.append((below, child, is_in_list))


def _field(reference: str, path: tuple[str, ...], kind: Type, schema: Schema, *, is_in_list: bool) -> dict[str, Any]:
    if is_in_list and not kind.is_list and kind is not Type.ANY:
        kind = Type.LIST_OBJECT if kind is Type.MAP else kind.list
    choices = schema.get("enum")
    if choices is None and isinstance(schema.get("meta:enum"), Mapping):
        choices = list(schema["meta:enum"])
    return {
        "path": ".".join(path),
        "expression": f"{reference}{to_steps(path)}}}",
        "type": kind.value,
        "title": str(schema.get("title") or (path[-1] if path else "")),
        "enum": choices if isinstance(choices, list) else None,
        "isCollection": kind.is_list,
    }


def functions() -> list[dict[str, Any]]:
    """Every function of the language, once for each of its signatures."""
    return [
        {
            "name": name,
            "signature": function.signature,
            "type": function.result,
            "summary": summary,
            "category": category,
        }
        for category, group in GROUPS.items()
        for name, summary in group.items()
        for function in JOURNEY.by_name[name]
    ]
