"""What an event says of the rows it reads: which fields, and from which data set. Checked, and completed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parcours.catalog.model import DataSet
from parcours.events.errors import EventInvalid
from parcours.events.fields import to_pointer
from parcours.events.links import Link, chosen_rows
from parcours.kit.paths import split_pointer

FindSources = Callable[[Link], Sequence[DataSet]]
"""The data sets whose rows a link can name: of the related schema, enabled for lookup by its key."""


def read_related_document(
    value: Any,
    fields: Sequence[str],
    links: Sequence[Link],
    find_sources: FindSources,
    before: Mapping[str, Any] | None,
) -> list[dict[str, str]]:
    """`related` as stored: [{"property", "datasetId"}], one for each link of which fields are chosen.

    value: as given; where it names no data set, the one of `before` stays, else the only one there is.
    fields: as stored. Raises EventInvalid.
    """
    given = read_given(value)
    kept = {one["property"]: one["datasetId"] for one in (before or {}).get("related", ())}
    by_path = {link.path: link for link in links}
    for index, pointer in enumerate(given):
        if split_pointer(pointer) not in by_path:
            raise EventInvalid(f"no relationship of the schema begins at {pointer!r}", f"$.related[{index}].property")
    chosen = chosen_rows([split_pointer(field) for field in fields], by_path)
    return [_source(by_path[path], list(given), given, kept, find_sources) for path, _ in chosen]


def read_given(value: Any) -> dict[str, str]:
    """`related` as given: pointer of the linking field → data set, "" where none is named. Raises EventInvalid."""
    if value is None:
        return {}
    if not isinstance(value, list):
        raise EventInvalid('related is a list of {"property", "datasetId"}', "$.related")
    found: dict[str, str] = {}
    for index, one in enumerate(value):
        path = f"$.related[{index}]"
        if not isinstance(one, Mapping) or not {"property"} <= set(one) <= {"property", "datasetId"}:
            raise EventInvalid("this is an object with property and, if it is chosen, datasetId", path)
        pointer, dataset_id = one["property"], one.get("datasetId") or ""
        if not isinstance(pointer, str) or not pointer.startswith("/") or pointer in found:
            raise EventInvalid("property is the JSON pointer of a linking field, named once", f"{path}.property")
        if not isinstance(dataset_id, str):
            raise EventInvalid("datasetId is the id of a data set", f"{path}.datasetId")
        found[pointer] = dataset_id
    return found


def _source(
    link: Link, order: Sequence[str], given: Mapping[str, str], kept: Mapping[str, str], find_sources: FindSources
) -> dict[str, str]:
    pointer, key, title = to_pointer(link.path), ".".join(link.key), link.schema.title
    named = given.get(pointer) or ""
    sources = {one.id: one for one in find_sources(link)}
    if named:
        if named not in sources:
            raise EventInvalid(
                f"data set {named!r} holds no rows that {pointer} can name: it must be of schema {title!r} "
                f"and enabled for lookup by the key {key}",
                f"$.related[{order.index(pointer)}].datasetId",
            )
    elif kept.get(pointer) in sources:
        named = kept[pointer]
    elif len(sources) == 1:
        named = next(iter(sources))
    elif not sources:
        raise EventInvalid(
            f"fields of {title!r} can't be read: no data set of that schema is enabled for lookup by the key {key}; "
            "enable one (PATCH /data/core/entity/lookup/dataSets/{id}/enable)",
            "$.fields",
        )
    else:
        names = ", ".join(f"{one.name} ({one.id})" for one in sources.values())
        raise EventInvalid(
            f"several data sets hold the rows that {pointer} names: {names}; say which in related", "$.related"
        )
    return {"property": pointer, "datasetId": named}
