"""Fitting one record to the columns: what fits nowhere is taken out and named, and new fields grow the shape.

This is the exact and slow way (some 20 µs a record). `convert` goes it only for records that hold something new or
something odd, and for data sets without a schema.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from parcours.lake.model import LakeSchema
from parcours.lake.shape import (
    MAX_INFERRED_COLUMNS,
    MAX_INFERRED_DEPTH,
    Entries,
    Items,
    Leaf,
    Shape,
    Struct,
    child_node,
    column_count,
    initial,
    is_name,
    settle,
)

_PLAIN_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_LEAP_SECOND = re.compile(r"(?<=:\d\d:)60")
_NUMERAL = re.compile(r"-?\d{1,18}", re.ASCII)
_FRACTION = re.compile(r"(?<=\.\d{6})\d+")
_UNFIT: Any = object()


class Fitter:
    """Fits records to one shape, which grows in place."""

    def __init__(self, shape: Struct, document: LakeSchema | None) -> None:
        self.shape = shape
        self.grew = False
        """Whether a record has added a column."""
        self._document = document
        self._column_count = column_count(shape)

    def fit(self, record: dict[str, Any]) -> list[str]:
        """Make the record fit, in place. Returns the JSON paths of what had to go, such as "$.commerce.order"."""
        faults: list[str] = []
        self._fit_object(self.shape, self._document, record, "$", faults, 0)
        return faults

    def finish(self) -> None:
        """Complete the shape after the last record."""
        if self.grew:
            settle(self.shape, self._document)

    def _fit_object(
        self,
        shape: Struct,
        node: Mapping[str, Any] | None,
        value: dict[str, Any],
        path: str,
        faults: list[str],
        depth: int,
    ) -> None:
        for key, item in list(value.items()):
            if item is None:
                del value[key]
                continue
            child = child_node(node, key)
            known = shape.fields.get(key)
            if known is None:
                known = self._new_column(shape, key, child, item, depth)
                if known is None:
                    faults.append(f"{path}.{key}")
                    del value[key]
                    continue
                shape.fields[key] = known
                self.grew = True
            fitted = self._fit(known, child, item, f"{path}.{key}", faults, depth + 1)
            if fitted is _UNFIT:
                del value[key]
            elif fitted is not item:
                value[key] = fitted

    def _new_column(
        self, shape: Struct, key: str, node: Mapping[str, Any] | None, value: Any, depth: int
    ) -> Shape | None:
        if not is_name(key) or any(key.lower() == name.lower() for name in shape.fields):
            return None
        if node is not None:
            return initial(node)
        if self._document is not None or self._column_count >= MAX_INFERRED_COLUMNS:
            return None
        self._column_count += 1
        return _inferred(value, depth)

    def _fit(
        self, shape: Shape, node: Mapping[str, Any] | None, value: Any, path: str, faults: list[str], depth: int
    ) -> Any:
        match shape:
            case Leaf():
                if shape is Leaf.LONG and type(value) is str and node is not None and initial(node) is Leaf.LONG:
                    value = _numeral(value)
                fitted = fit_leaf(shape, value)
                if fitted is _UNFIT:
                    faults.append(path)
                return fitted
            case Struct() if isinstance(value, dict):
                self._fit_object(shape, node, value, path, faults, depth)
                return value
            case Items(element) if isinstance(value, list):
                inner = child_node(node, None)
                for index, item in enumerate(value):
                    if item is not None:
                        fitted = self._fit(element, inner, item, f"{path}[{index}]", faults, depth + 1)
                        value[index] = None if fitted is _UNFIT else fitted
                return value
            case Entries(element) if isinstance(value, dict):
                inner = child_node(node, None)
                for key, item in list(value.items()):
                    fitted = (
                        _UNFIT if item is None else self._fit(element, inner, item, f"{path}.{key}", faults, depth + 1)
                    )
                    if fitted is _UNFIT:
                        del value[key]
                    else:
                        value[key] = fitted
                return value
        faults.append(path)
        return _UNFIT


def _numeral(value: Any) -> Any:
    """The number of a text, as a record has it that was staged when the schema said text; anything else as it is."""
    return int(value) if isinstance(value, str) and _NUMERAL.fullmatch(value) else value


def _inferred(value: Any, depth: int) -> Shape:
    match value:
        case bool():
            return Leaf.BOOLEAN
        case int() | float():
            return Leaf.DOUBLE
        case dict() if value and depth < MAX_INFERRED_DEPTH and all(map(is_name, value)):
            return Struct()
        case list() if value and depth < MAX_INFERRED_DEPTH:
            first = next((item for item in value if item is not None), None)
            return Leaf.JSON if first is None else Items(_inferred(first, depth + 1))
        case _:
            return Leaf.JSON


def fit_leaf(leaf: Leaf, value: Any) -> Any:
    """The value as the column takes it, perhaps written differently; a marker of its own when it can't."""
    match leaf:
        case Leaf.JSON:
            return value
        case Leaf.TEXT:
            return value if isinstance(value, str) else _UNFIT
        case Leaf.BOOLEAN:
            return value if isinstance(value, bool) else _UNFIT
        case Leaf.NUMERAL:
            number = fit_leaf(Leaf.LONG, _numeral(value))
            return number if number is _UNFIT else str(number)
        case Leaf.LONG:
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            is_long = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
            return value if is_long else _UNFIT
        case Leaf.DOUBLE:
            return value if isinstance(value, (int, float)) and not isinstance(value, bool) else _UNFIT
        case Leaf.DATE:
            return _fit_date(value)
        case Leaf.TIMESTAMP:
            return _fit_instant(value)


def _fit_date(value: Any) -> Any:
    if not isinstance(value, str):
        return _UNFIT
    try:
        return date.fromisoformat(value.strip()[:10]).isoformat()
    except ValueError:
        return _UNFIT


def _fit_instant(value: Any) -> Any:
    if not isinstance(value, str):
        return _UNFIT
    text = _FRACTION.sub("", _LEAP_SECOND.sub("59", value.strip().upper()))
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return _UNFIT
    if text == value and _PLAIN_INSTANT.fullmatch(value):
        return value
    return at.replace(tzinfo=None).isoformat() + "Z"
