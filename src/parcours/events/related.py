"""The rows that an event names, read when journeys hear of it, and put beside the fields that name them. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from parcours.events.links import SUFFIX, chosen_rows, without_rows
from parcours.kit.paths import split_pointer
from parcours.lookups.keys import key_of
from parcours.lookups.model import MAX_KEYS
from parcours.profile.projection import project


class RelatedRows(NamedTuple):
    """Rows of one data set that one field of an event names."""

    dataset_id: str
    path: tuple[str, ...]
    """The linking field."""
    fields: tuple[str, ...]
    """What is taken of a row, as dotted paths; () takes it whole."""


RowOf = Callable[[str, str], Mapping[str, Any] | None]
"""(data set, key) → the row; None when there is none."""


def read_related(body: Mapping[str, Any]) -> tuple[RelatedRows, ...]:
    """What a stored event reads of related schemas; nothing but its own document is asked."""
    sources = {split_pointer(one["property"]): one["datasetId"] for one in body.get("related", ())}
    fields = [split_pointer(pointer) for pointer in body.get("fields", ())] if sources else []
    return tuple(
        RelatedRows(sources[path], path, () if () in chosen else tuple(".".join(field) for field in chosen))
        for path, chosen in chosen_rows(fields, sources)
    )


def sent_fields(body: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The fields of a stored event that its senders send."""
    linking = [split_pointer(one["property"]) for one in body.get("related", ())]
    return without_rows([split_pointer(pointer) for pointer in body["fields"]], linking)


def keys_in(entity: Mapping[str, Any], rows: RelatedRows) -> list[str]:
    """The keys that an event names, each once, in its order; those above the limit are left out."""
    found = dict.fromkeys(key for value in _values(entity, rows.path) if (key := _key(value)) is not None)
    return list(found)[:MAX_KEYS]


def with_related(entity: Mapping[str, Any], related: Sequence[RelatedRows], row_of: RowOf) -> Mapping[str, Any]:
    """The event with the rows it names; where there is none, with nothing. The event itself stays as it is."""
    result: Any = entity
    for rows in related:
        found = {key: row_of(rows.dataset_id, key) for key in keys_in(entity, rows)}
        taken = {key: project(dict(row), rows.fields) for key, row in found.items() if row is not None}
        if taken:
            result = _put(result, rows.path, taken)
    return result  # type: ignore[no-any-return]  # a mapping, as the event is


def _values(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _values(item, path)
    elif not path:
        yield node
    elif isinstance(node, Mapping):
        yield from _values(node.get(path[0]), path[1:])


def _put(node: Any, path: tuple[str, ...], rows: Mapping[str, dict[str, Any]]) -> Any:
    if isinstance(node, list):
        return [_put(item, path, rows) for item in node]
    if not isinstance(node, Mapping) or path[0] not in node:
        return node
    if len(path) > 1:
        return {**node, path[0]: _put(node[path[0]], path[1:], rows)}
    key = _key(node[path[0]])
    row = None if key is None else rows.get(key)
    return node if row is None else {**node, path[0] + SUFFIX: row}


def _key(value: Any) -> str | None:
    return key_of({"": value}, ("",))
