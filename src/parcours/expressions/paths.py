"""Reading along a path: fields, lists passed through silently, selectors. Source: expression-language §7.6, §7.7."""

from collections.abc import Callable, Mapping
from typing import Any

from parcours.expressions.allowance import CHUNK, Allowance
from parcours.expressions.code import Run
from parcours.expressions.references import EvaluationContext, Parameter, group_key
from parcours.kit.paths import item_at

Step = Callable[[Any, EvaluationContext, Any], Any]
"""(value that is not null, context, element of the innermost selector around) → value."""


def walk(value: Any, names: tuple[str, ...]) -> Any:
    """The value at field names; from a list on, the list of what its elements hold there, nested ones flattened."""
    for index, name in enumerate(names):
        kind = type(value)
        if kind is dict:
            value = value.get(name)
        elif kind is list:
            return _walk_items(value, names[index:])
        elif value is not None and isinstance(value, Mapping):
            value = value.get(name)
        else:
            return None
    return value


def _walk_items(items: list[Any], names: tuple[str, ...]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        value = walk(item, names)
        if type(value) is list:
            found.extend(value)
        else:
            found.append(value)
    return found


def reader(fetch: Callable[[EvaluationContext], Mapping[str, Any]], name: str, names: tuple[str, ...]) -> Run:
    """Reads a path below `fetch(context)[name]`."""

    def read(context: EvaluationContext, _element: Any) -> Any:
        value = fetch(context).get(name)
        for key in names:
            if type(value) is not dict:
                return walk(fetch(context).get(name), names)
            value = value.get(key)
        return value

    return read


def event_reader(name: str, names: tuple[str, ...]) -> Run:
    """As `reader`, for an event: the path every condition takes, kept short."""

    def read(context: EvaluationContext, _element: Any) -> Any:
        events = context.events
        try:
            return item_at(events[name], names)
        except KeyError:
            return None
        except TypeError:  # nothing or a list on the way
            return walk(events.get(name), names)

    return read


def data_source_reader(source: str, group: str, parameters: tuple[Parameter, ...], names: tuple[str, ...]) -> Run:
    """Reads a path in a field group; with parameters, in what the group yields for their values."""

    def read(context: EvaluationContext, _element: Any) -> Any:
        try:
            return walk(context.data_sources[source][group], names)
        except KeyError:
            return None

    def read_with_parameters(context: EvaluationContext, element: Any) -> Any:
        key = group_key(group, parameters, context, element)
        try:
            return walk(context.data_sources[source][key], names)
        except KeyError:
            return None

    return read_with_parameters if parameters else read


def element_reader(names: tuple[str, ...]) -> Run:
    """Reads a path in the element of the innermost selector."""

    def read(_context: EvaluationContext, element: Any) -> Any:
        return walk(element, names)

    return read


def fields(names: tuple[str, ...]) -> Step:
    """Goes on along field names."""
    return lambda value, _context, _element: walk(value, names)


def chain(first: Run, steps: list[Step]) -> Run:
    """`first`, then the steps in turn until one yields null."""

    def read(context: EvaluationContext, element: Any) -> Any:
        value = first(context, element)
        for step in steps:
            if value is None:
                return None
            value = step(value, context, element)
        return value

    return read


# --- selectors ------------------------------------------------------------------------------------------------------


def select_all(condition: Run | None) -> Step:
    """The elements that meet the condition."""

    def select(value: Any, context: EvaluationContext, _element: Any) -> Any:
        if type(value) is not list:
            return None
        if condition is None:
            return value
        allowance = context.allowance
        if allowance is None and len(value) <= CHUNK:
            return [item for item in value if condition(context, item) is True]
        allowance = allowance or Allowance()
        found: list[Any] = []
        for start in range(0, len(value), CHUNK):
            chunk = value[start : start + CHUNK]
            allowance.spend(len(chunk))
            found += [item for item in chunk if condition(context, item) is True]
        return found

    return select


def select_one(condition: Run | None, *, is_first: bool) -> Step:
    """The first or last element that meets the condition."""

    def select(value: Any, context: EvaluationContext, _element: Any) -> Any:
        if type(value) is not list or not value:
            return None
        if condition is None:
            return value[0 if is_first else -1]
        allowance = context.allowance
        if allowance is None and len(value) > CHUNK:
            allowance = Allowance()
        for index, item in enumerate(value if is_first else reversed(value)):
            if allowance is not None and index % CHUNK == 0:
                allowance.spend(min(CHUNK, len(value) - index))
            if condition(context, item) is True:
                return item
        return None

    return select


def select_at(index: Run) -> Step:
    """The element at a 0-based index."""

    def select(value: Any, context: EvaluationContext, element: Any) -> Any:
        at = index(context, element)
        return value[at] if type(value) is list and at is not None and 0 <= at < len(value) else None

    return select


def select_keys(value: Any, _context: EvaluationContext, _element: Any) -> Any:
    """The keys of a map, in the order of the payload."""
    return list(value) if isinstance(value, Mapping) else None


def select_first_key(value: Any, _context: EvaluationContext, _element: Any) -> Any:
    """The first key of a map."""
    return next(iter(value), None) if isinstance(value, Mapping) else None
