"""Aggregation, list and mathematical functions of the journey language.

Source: expression-language §8.2, §8.5 and §8.6.
"""

import random
from collections.abc import Callable, Iterable
from math import floor, isfinite
from typing import Any

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.functions import Function, row
from parcours.expressions.types import Type
from parcours.expressions.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    distinct_key,
    is_equal,
    joined,
    reader_of_json,
    to_text,
    type_of,
)

Items = list[Any] | None


def _present(items: Items) -> list[Any]:
    return [item for item in items or () if item is not None]


def attribute(item: Any, key: str) -> Any:
    """An attribute of an object of a list, by its name or its dotted path; None when there is none."""
    if type(item) is not dict:
        return None
    if key in item or "." not in key:
        return item.get(key)
    for name in key.split("."):
        if type(item) is not dict:
            return None
        item = item.get(name)
    return item


def bounded(value: Any) -> Any:
    """A number that is still a 64-bit integer or a finite decimal. Raises ExpressionFailed."""
    if type(value) is int:
        if not INTEGER_MIN <= value <= INTEGER_MAX:
            raise ExpressionFailed("an integer grew beyond 64 bits")
    elif not isfinite(value):
        raise ExpressionFailed("a decimal grew beyond what a double can hold")
    return value


# --- aggregation ----------------------------------------------------------------------------------------------------


def _average(items: Items) -> float | None:
    present = _present(items)
    return float(bounded(sum(present) / len(present))) if present else None


def _distinct_count(items: Items) -> int:
    return len({distinct_key(item) for item in _present(items)})


def _distinct_count_by(items: Items, key: str | None) -> int | None:
    if key is None:
        return None
    return len({distinct_key(attribute(item, key)) for item in _present(items)})


def _largest(items: Items) -> Any:
    return max(_present(items), default=None)


def _smallest(items: Items) -> Any:
    return min(_present(items), default=None)


def _sum(items: Items) -> Any:
    return bounded(sum(_present(items)))


def _sum_decimals(items: Items) -> float:
    return float(bounded(sum(_present(items), 0.0)))


_ORDERED = (Type.DURATION, Type.INTEGER, Type.DECIMAL, Type.DATE_TIME, Type.DATE_TIME_ONLY, Type.DATE_ONLY)


def _extremes() -> Iterable[Function]:
    for name, extreme in (("max", _largest), ("min", _smallest)):
        for kind in _ORDERED:
            yield row(f"{name}({kind.list}) : {kind}", extreme, nulls="keep")
        for kind in _ORDERED:
            if kind is not Type.DATE_ONLY:
                yield row(f"{name}({kind}, {kind}) : {kind}", _of_two(extreme), nulls="keep")
        for pair in ("decimal, integer", "integer, decimal"):
            yield row(f"{name}({pair}) : decimal", _decimal_of_two(extreme), nulls="keep")


def _of_two(aggregate: Callable[[Items], Any]) -> Callable[[Any, Any], Any]:
    """The aggregation of two values: as that of a list of them, a null among them is left out."""
    return lambda a, b: aggregate([a, b])


def _decimal_of_two(aggregate: Callable[[Items], Any]) -> Callable[[Any, Any], float | None]:
    def of_two(a: Any, b: Any) -> float | None:
        found = aggregate([a, b])
        return None if found is None else float(found)

    return of_two


AGGREGATION = (
    row("avg(listInteger) : decimal", _average, nulls="keep"),
    row("avg(listDecimal) : decimal", _average, nulls="keep"),
    *(
        row(f"avg({a}, {b}) : decimal", _of_two(_average), nulls="keep")
        for a in ("decimal", "integer")
        for b in ("decimal", "integer")
    ),
    row("count(anyList) : integer", lambda items: len(_present(items)), nulls="keep"),
    row("countOnlyNull(list) : integer", lambda items: sum(item is None for item in items or ()), nulls="keep"),
    row("countWithNull(list) : integer", lambda items: len(items or ()), nulls="keep"),
    row("distinctCount(anyList) : integer", _distinct_count, nulls="keep"),
    row("distinctCount(listObject, string) : integer", _distinct_count_by, nulls="keep"),
    row(
        "distinctCountWithNull(list) : integer",
        lambda items: len({distinct_key(item) for item in items or ()}),
        nulls="keep",
    ),
    *_extremes(),
    row("sum(listInteger) : integer", _sum, nulls="keep"),
    row("sum(listDecimal) : decimal", _sum_decimals, nulls="keep"),
    row("sum(integer, integer) : integer", _of_two(_sum), nulls="keep"),
    row("sum(decimal, decimal) : decimal", _of_two(_sum_decimals), nulls="keep"),
)


# --- lists ----------------------------------------------------------------------------------------------------------


def _unique(items: Iterable[tuple[Any, Any]]) -> list[Any]:
    seen: dict[Any, Any] = {}
    for key, item in items:
        seen.setdefault(distinct_key(key), item)
    return list(seen.values())


def _intersect(left: Items, right: Items) -> list[Any]:
    shared = {distinct_key(item) for item in right or ()}
    return _unique((item, item) for item in left or () if distinct_key(item) in shared)


def _filter(items: list[Any], key: str, values: list[Any]) -> list[Any]:
    wanted = {distinct_key(value) for value in values}
    kinds = {type_of(value) for value in values} - {Type.NULL}
    read = reader_of_json(kinds.pop()) if len(kinds) == 1 else _same
    return [item for item in items if distinct_key(read(attribute(item, key))) in wanted]


def _same(value: Any) -> Any:
    return value


def _limit(items: list[Any], count: int, is_first: bool = True) -> list[Any]:
    count = max(count, 0)
    return items[:count] if is_first else items[max(len(items) - count, 0) :]


def _serialize(items: list[Any], separator: str, is_quoted: bool) -> str:
    return joined((f'"{to_text(item)}"' if is_quoted else to_text(item) for item in items), separator)


def _sort(items: list[Any], is_ascending: bool) -> list[Any]:
    return _sorted(((item, item) for item in items), is_ascending)


def _sort_by(items: list[Any], key: str, is_ascending: bool) -> list[Any]:
    return _sorted(((attribute(item, key), item) for item in items), is_ascending)


def _sorted(pairs: Iterable[tuple[Any, Any]], is_ascending: bool) -> list[Any]:
    known = list(pairs)
    present = [pair for pair in known if pair[0] is not None]
    try:
        present.sort(key=lambda pair: pair[0], reverse=not is_ascending)
    except TypeError:
        raise ExpressionFailed("values of different types have no order") from None
    return [item for _, item in present] + [item for key, item in known if key is None]


def _item(items: list[Any], index: int) -> Any:
    return items[index] if 0 <= index < len(items) else None


_SCALARS = (
    Type.STRING, Type.BOOLEAN, Type.INTEGER, Type.DECIMAL, Type.DURATION, Type.DATE_TIME, Type.DATE_TIME_ONLY,
    Type.DATE_ONLY,
)  # fmt: skip


def _contains(value: Any, items: list[Any]) -> bool:
    return any(is_equal(value, item) for item in items)


def _contains_text(value: str, items: list[Any]) -> bool:
    return value in items


LISTS = (
    row("distinct(anyList) : same", lambda items: _unique((item, item) for item in items if item is not None)),
    row(
        "distinct(listObject, string) : listObject",
        lambda items, key: _unique((attribute(item, key), item) for item in items if item is not None),
    ),
    row("distinctWithNull(anyList) : same", lambda items: _unique((item, item) for item in items)),
    row(
        "distinctWithNull(listObject, string) : listObject",
        lambda items, key: _unique(([item is None, attribute(item, key)], item) for item in items),
    ),
    row("filter(listObject, string, list) : listObject", _filter),
    row("getListItem(list, integer) : element", _item),
    row("in(string, listString) : boolean", _contains_text),
    *(row(f"in({kind}, {kind.list}) : boolean", _contains) for kind in _SCALARS[1:]),
    *(row(f"intersect({kind.list}, {kind.list}) : {kind.list}", _intersect, nulls="keep") for kind in _SCALARS),
    row("limit(anyList, integer, boolean?) : same", _limit),
    row("listSize(anyList) : integer", lambda items: len(items or ()), nulls="keep"),
    row("serializeList(list, string, boolean) : string", _serialize),
    row("sort(list, boolean) : same", _sort),
    row("sort(listObject, string, boolean) : listObject", _sort_by),
    row("list(string...) : listString", lambda *items: list(items), nulls="keep"),
    row("list(listString) : listString", _same),
)


def _round(value: float) -> int:
    whole = floor(value)
    return int(bounded(whole + 1 if value - whole >= 0.5 else whole))


MATH = (
    row("random() : decimal", lambda: random.random(), is_pure=False),
    row("round(decimal) : integer", _round),
    row("round(integer) : integer", lambda value: value),
)
