"""List parameters of the registry: filters, order, pages, projection. Source: platform-apis §3.4."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parcours.resources.filtering import FilterInvalid, matches
from parcours.xdm.errors import QueryInvalid

DEFAULT_LIMIT = 300
MAX_LIMIT = 500
_COMPARES = re.compile(r"==|!=|<=|>=|<|>|=")
_ALIASES = {
    "updated": ("meta:registryMetadata", "repo:lastModifiedDate"),
    "created": ("meta:registryMetadata", "repo:createdDate"),
}


@dataclass(frozen=True, slots=True)
class Query:
    """What a list call asks for."""

    filters: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """Keys to show; () means all."""
    orderby: str = "title"
    start: str | None = None
    """Only items after this value of the first sort field."""
    limit: int = DEFAULT_LIMIT


def read_query(parameters: Sequence[tuple[str, str]], orderby: str = "title") -> Query:
    """The query of a list call from its parameters, unknown ones ignored. Raises QueryInvalid.

    orderby: the order when none is asked for; best a field whose values differ, so that pages are even.
    """
    filters: list[str] = []
    fields: list[str] = []
    start, limit = None, DEFAULT_LIMIT
    for name, value in parameters:
        if name == "property":
            more, shown = _split(value)
            filters += more
            fields += shown
        elif name == "orderby" and value.strip(", "):
            orderby = value
        elif name == "start" and value:
            start = value
        elif name == "limit":
            if not value.strip().isdecimal() or len(value) > 9 or int(value) > MAX_LIMIT:
                raise QueryInvalid(f"limit is a whole number from 0 to {MAX_LIMIT}", "$.limit")
            limit = int(value) or DEFAULT_LIMIT
    return Query(tuple(filters), tuple(fields), orderby, start, limit)


def _split(text: str) -> tuple[list[str], list[str]]:
    """One `property` value as filters and fields to show. A comma ends a filter only before another filter."""
    filters: list[str] = []
    names: list[str] = []
    for part in text.split(","):
        if _COMPARES.search(part):
            filters.append(part)
        elif filters:
            filters[-1] += f",{part}"
        elif part.strip():
            names.append(part.strip())
    if len(names) == 1 and not filters:
        return names, []
    return filters, names


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the items, and the sort value to go on from, None at the end."""

    items: list[dict[str, Any]]
    next_start: Any
    orderby: str


def page(documents: Sequence[dict[str, Any]], query: Query) -> Page:
    """The matching documents in order, from `start` on. Items of one sort value are never cut apart.

    Raises QueryInvalid.
    """
    keys = [_sort_field(part) for part in query.orderby.split(",") if part.strip()]
    try:
        for text in query.filters:
            matches({}, [text])  # a filter that can't be read is told even when there is nothing to filter
        found = [document for document in documents if matches(document, query.filters)]
    except FilterInvalid as error:
        raise QueryInvalid(str(error), error.path) from None
    for name, descending in reversed(keys):
        found.sort(key=lambda document: _rank(_value(document, name)), reverse=descending)
    first, descending = keys[0] if keys else ("title", False)
    if query.start is not None:
        mark = _rank(_like(query.start, [_value(document, first) for document in found]))
        found = [d for d in found if (_rank(_value(d, first)) < mark if descending else _rank(_value(d, first)) > mark)]
    end = query.limit
    while 0 < end < len(found) and _rank(_value(found[end], first)) == _rank(_value(found[end - 1], first)):
        end += 1
    more = _value(found[end - 1], first) if end < len(found) else None
    return Page(found[:end], more, query.orderby)


def _sort_field(text: str) -> tuple[str, bool]:
    text = text.strip()
    descending = text.startswith(("-", "desc:"))
    return re.sub(r"^(?:[+-]|asc:|desc:)", "", text).strip(), descending


def _value(document: Mapping[str, Any], name: str) -> Any:
    value: Any = document
    for key in _ALIASES.get(name, (name,) if name in document else tuple(name.split("."))):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _rank(value: Any) -> tuple[int, float, str, str]:
    if value is None:
        return (0, 0.0, "", "")
    if isinstance(value, int | float):
        return (1, float(value), "", "")
    return (2, 0.0, str(value).casefold(), str(value))


def _like(text: str, values: Sequence[Any]) -> Any:
    """A `start` value as a number when the values it is compared with are numbers."""
    if any(isinstance(value, int | float) for value in values):
        try:
            return float(text)
        except ValueError:
            return text
    return text


def project(document: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Only the keys asked for, and always the id."""
    if not fields:
        return document
    return {key: value for key, value in document.items() if key in fields or key in ("$id", "@id")}
