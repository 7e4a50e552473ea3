"""The listing rules every catalog object shares: paging, order, projection, filters (platform-apis §5.2)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parcours.catalog.errors import CatalogInvalid
from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.regex import pattern_at_run_time
from parcours.kit.errors import Invalid
from parcours.resources.filtering import matches, sort_by

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_LIMIT_WITH_OBSERVABLE_SCHEMA = 20
PAGING = ("limit", "start", "orderBy", "properties")
"""Parameters that may come as headers, too; the query wins."""

_NOT_FILTERS = frozenset({"requestDataSource", "expansion", "expand", "showDeleted", "cache"})
_RANGE = re.compile(r"(created|start|end|updated)(After|Before)")
_RANGE_FIELDS = {"created": "created", "start": "started", "end": "completed", "updated": "updated"}
_NAME_CONDITION = re.compile(r"\s*name\s*(==?|!=)(.*)", re.DOTALL)
"""Of all keys the name alone takes wildcards."""
_ID = "@id"
"""Where `select` keeps an object's key while it filters; no document has a key of this name."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A parsed list request."""

    limit: int = DEFAULT_LIMIT
    start: int = 0
    """Zero-based offset."""
    order_by: str = ""
    properties: tuple[str, ...] = ()
    """Top-level keys to return; empty means all."""
    conditions: tuple[str, ...] = ()
    """`property=` expressions."""
    tags: tuple[tuple[str, str], ...] = ()
    """(tag name, value pattern), all of which must hold."""
    equals: tuple[tuple[str, str], ...] = ()
    """Simple filters as sent: (key, "v" | "!v" | "v1,v2")."""
    ranges: tuple[tuple[str, bool, int], ...] = ()
    """(key, True for "after", exclusive bound in epoch milliseconds)."""


def parse_query(pairs: Iterable[tuple[str, str]]) -> ListQuery:
    """Query parameters, repeated ones included, as a ListQuery. Raises CatalogInvalid."""
    limit: int | None = None
    start, order_by = 0, ""
    properties: tuple[str, ...] = ()
    conditions: list[str] = []
    tags: list[tuple[str, str]] = []
    equals: list[tuple[str, str]] = []
    ranges: list[tuple[str, bool, int]] = []
    for key, value in pairs:
        is_range = _RANGE.fullmatch(key)
        if key == "limit":
            limit = _whole(key, value, 1)
        elif key in ("start", "offset"):
            start = _whole(key, value, 0)
        elif key in ("orderBy", "sort"):
            order_by = value
        elif key == "properties":
            properties = tuple(part.strip() for part in value.split(",") if part.strip())
        elif key == "property":
            conditions.append(value)
        elif key == "tags":
            tags.extend(_tag(part) for part in value.split(",") if part.strip())
        elif is_range:
            ranges.append((_RANGE_FIELDS[is_range[1]], is_range[2] == "After", _whole(key, value, 0)))
        elif key not in _NOT_FILTERS:
            equals.append((key, value))
    most = MAX_LIMIT_WITH_OBSERVABLE_SCHEMA if "observableSchema" in properties else MAX_LIMIT
    if limit is None:
        limit = min(DEFAULT_LIMIT, most)
    elif limit > most:
        raise CatalogInvalid(f"limit is at most {most}", "$.limit")
    return ListQuery(limit, start, order_by, properties, tuple(conditions), tuple(tags), tuple(equals), tuple(ranges))


def select(
    documents: Mapping[str, dict[str, Any]],
    query: ListQuery,
    aliases: Mapping[str, Callable[[str, dict[str, Any]], Any]] | None = None,
) -> dict[str, dict[str, Any]]:
    """The page of documents a query asks for, keyed by id, in the query's order. Raises CatalogInvalid.

    aliases: filter names that are no top-level key → (id, document) → the value to compare.
    """
    aliases = {"id": lambda object_id, _: object_id, **(aliases or {})}
    found = [{_ID: key, **document} for key, document in documents.items()]
    for check in _checks(query, aliases):
        found = [document for document in found if check(document)]
    if query.order_by:
        found = sort_by(found, query.order_by)
    page = found[query.start : query.start + query.limit]
    return {document.pop(_ID): project(document, query.properties) for document in page}


def project(document: dict[str, Any], properties: Sequence[str]) -> dict[str, Any]:
    """The named top-level keys, or all when none is named."""
    return {key: document[key] for key in properties if key in document} if properties else document


def _checks(
    query: ListQuery, aliases: Mapping[str, Callable[[str, dict[str, Any]], Any]]
) -> list[Callable[[dict[str, Any]], bool]]:
    checks: list[Callable[[dict[str, Any]], bool]] = []
    for key, text in query.equals:
        is_negated = text.startswith("!")
        wanted = [part.strip().removeprefix("!") if is_negated else part for part in text.split(",")]
        checks.append(_is_one_of(aliases.get(key), key, wanted, is_negated))
    for key, is_after, bound in query.ranges:
        checks.append(_in_range(key, is_after, bound))
    for name, pattern in query.tags:
        checks.append(_has_tag(name, pattern))
    for condition in query.conditions:
        checks.append(_condition(condition))
    return checks


def _is_one_of(
    alias: Callable[[str, dict[str, Any]], Any] | None, key: str, values: Sequence[str], is_negated: bool
) -> Callable[[dict[str, Any]], bool]:
    wanted = [part.strip() for part in values]
    if key == "name":
        patterns = [_wildcard(part) for part in wanted]

        def is_wanted(value: Any) -> bool:
            return isinstance(value, str) and any(pattern(value) for pattern in patterns)

    else:

        def is_wanted(value: Any) -> bool:
            return any(_is_text_of(value, part) for part in wanted)

    def check(document: dict[str, Any]) -> bool:
        value = document.get(key) if alias is None else alias(document[_ID], document)
        values = value if isinstance(value, list) else [value]
        return any(is_wanted(item) for item in values) is not is_negated

    return check


def _is_text_of(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, int | float):
        return text == str(value)
    return isinstance(value, str) and value == text


def _wildcard(text: str) -> Callable[[str], bool]:
    """`*` is any run of characters, `**` a star itself."""
    pieces = [piece.replace("\0", "*") for piece in text.replace("**", "\0").split("*")]
    if len(pieces) == 1:
        return lambda value: value == pieces[0]

    def check(value: str) -> bool:
        if not value.startswith(pieces[0]):
            return False
        at = len(pieces[0])
        for piece in pieces[1:-1]:
            at = value.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return len(value) - at >= len(pieces[-1]) and value.endswith(pieces[-1])

    return check


def _in_range(key: str, is_after: bool, bound: int) -> Callable[[dict[str, Any]], bool]:
    def check(document: dict[str, Any]) -> bool:
        value = document.get(key)
        if not isinstance(value, int):
            return False
        return value > bound if is_after else value < bound

    return check


def _has_tag(name: str, pattern: str) -> Callable[[dict[str, Any]], bool]:
    def check(document: dict[str, Any]) -> bool:
        values = document.get("tags", {}).get(name)
        if values is None:
            return False
        if pattern.endswith("*"):
            return pattern == "*" or any(value.startswith(pattern[:-1]) for value in values)
        return pattern in values

    return check


def _condition(text: str) -> Callable[[dict[str, Any]], bool]:
    name, is_regex, pattern = text.partition("~")
    if is_regex and not re.search(r"[=<>!]", name):
        name = name.strip()
        try:
            compiled = pattern_at_run_time(pattern.strip())
        except ExpressionFailed as error:
            raise CatalogInvalid(f"property {name!r}: {error}", "$.property") from None

        def search(document: dict[str, Any]) -> bool:
            value = document.get(name)
            try:
                return isinstance(value, str) and compiled.groups(value) is not None
            except ExpressionFailed as error:
                raise CatalogInvalid(f"property {name!r}: {error}", "$.property") from None

        return search

    by_name = _NAME_CONDITION.fullmatch(text)
    if by_name is not None:
        return _is_one_of(None, "name", by_name[2].split(","), by_name[1] == "!=")

    def check(document: dict[str, Any]) -> bool:
        try:
            return matches(document, [text])
        except Invalid as error:
            raise CatalogInvalid(str(error), "$.property") from None

    check({})  # a filter that can't be read is refused even when there is nothing to filter
    return check


def _tag(text: str) -> tuple[str, str]:
    name, separator, pattern = text.strip().partition(":")
    if not name or not separator:
        raise CatalogInvalid(f"a tag filter reads name:value, not {text!r}", "$.tags")
    return name, pattern.strip()


def _whole(name: str, text: str, least: int) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18 or int(text) < least:
        raise CatalogInvalid(f"{name} is a whole number from {least}, not {text[:40]!r}", f"$.{name}")
    return int(text)
