"""A mapping set compiled: raw JSON in, XDM and warnings out."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from parcours.dataprep.coercion import Coerce, coercer
from parcours.dataprep.destination import FieldAt, Put, fault_of, parse_destination, putter, settle, tokens
from parcours.dataprep.model import Mapping, MappingFault, MappingResult, Warning
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.mapping_compiler import compile_mapping, evaluate
from parcours.expressions.mapping_functions import Appended, Run, Scope
from parcours.expressions.mapping_paths import Path, getter, parse_path

_APPEND = "upsert_array_append"
_FAULTS = (ExpressionFailed, TypeError, ValueError, OverflowError, RecursionError)


class _Row(NamedTuple):
    get: Callable[[Any], Any] | None
    """Reads the source record; None for an expression."""
    run: Run | None
    coerce: Coerce
    put: Put
    mapping: Mapping


class CompiledMapping:
    """One version of a mapping set, ready for every record. Shared between threads."""

    def __init__(self, mappings: Sequence[Mapping], field_at: FieldAt | None, *, allows_null: bool = False) -> None:
        """field_at: the target schema's fields, None when the schema is not known.

        Raises ExpressionInvalid for a source or destination that can't be read.
        """
        rows: list[_Row] = []
        self._has_elements = False
        self._can_append = False
        self._allows_null = allows_null
        for mapping in mappings:
            path = parse_destination(mapping.destination)
            self._has_elements = self._has_elements or any(type(step) is not str for step in path)
            get, run = _source(mapping)
            coerce = _coercion(path, field_at)
            if _APPEND in str(mapping.source):
                self._can_append = True
                coerce = _marking(coerce, is_plain=all(type(step) is str for step in path))
            rows.append(_Row(get, run, coerce, putter(path), mapping))
        self._rows = tuple(rows)
        self._has_expressions = any(row.run is not None for row in rows)

    def apply(self, raw: Any, now_us: int | None = None) -> MappingResult:
        """The record mapped; never raises. What fails leaves its own destination empty and adds a warning.

        now_us: the instant `now()` means; by default the clock's.
        """
        entity: dict[str, Any] = {}
        warnings: list[Warning] = []
        problems: list[str] = []
        scope: Scope | None = None
        if self._has_expressions:
            scope = Scope(raw, time.time_ns() // 1000 if now_us is None else now_us)
        for get, run, coerce, put, mapping in self._rows:
            try:
                value = get(raw) if get is not None else evaluate(run, scope)  # type: ignore[arg-type]
                if value is not None:
                    put(entity, coerce(value, problems))
                elif self._allows_null:
                    put(entity, None)
            except _FAULTS as error:
                warnings.append(_warning(mapping, str(error)))
            if problems:
                warnings.extend(_warning(mapping, text) for text in problems)
                problems.clear()
        if self._has_elements:
            settle(entity)
        if self._can_append:
            return MappingResult(entity, warnings, tuple(_unmark(entity, ())))
        return MappingResult(entity, warnings)


def _marking(coerce: Coerce, *, is_plain: bool) -> Coerce:
    """Coercion that lets an array stay marked as one to append. is_plain: whether it is put at a path of names."""

    def coerce_array(value: Any, problems: list[str]) -> Any:
        if type(value) is not Appended:
            return coerce(value, problems)
        made = coerce(list(value), problems)
        return Appended(made) if is_plain and type(made) is list else made

    return coerce_array


def _unmark(entity: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Make plain lists of the marked ones; their paths."""
    for name, value in entity.items():
        if type(value) is Appended:
            entity[name] = list(value)
            yield (*above, name)
        elif type(value) is dict:
            yield from _unmark(value, (*above, name))


def _warning(mapping: Mapping, reason: str) -> Warning:
    return Warning(mapping.destination, str(mapping.source), mapping.source_type, reason)


def _source(mapping: Mapping) -> tuple[Callable[[Any], Any] | None, Run | None]:
    if mapping.source_type == "STATIC":
        value = _literal(mapping.source)
        return (lambda _raw: value), None
    if mapping.source_type == "ATTRIBUTE":
        return getter(parse_path(mapping.source)), None
    expression = compile_mapping(mapping.source)
    return (getter(expression.path), None) if expression.path is not None else (None, expression.run)


def _literal(source: Any) -> Any:
    """A quoted text is what stands between the quotes; anything else is itself."""
    if isinstance(source, str) and len(source) > 1 and source[0] == source[-1] and source[0] in "\"'":
        return source[1:-1]
    return source


def _coercion(path: Path, field_at: FieldAt | None) -> Coerce:
    """To the field's type; an array spread by [*] is coerced element by element."""
    field = field_at(tokens(path)) if field_at is not None else None
    coerce = coercer(field)
    if all(type(step) is str or type(step) is int for step in path):
        return coerce

    def coerce_each(value: Any, problems: list[str]) -> Any:
        if type(value) is not list:
            raise ExpressionFailed("only an array can be spread over the elements of an array")
        return [None if item is None else coerce(item, problems) for item in value]

    return coerce_each


def faults(mappings: Sequence[Mapping], field_at: FieldAt | None) -> list[MappingFault]:
    """Everything that keeps mappings from working: unreadable sources, unknown destinations. [] when all is well.

    field_at: as for CompiledMapping; destinations are only looked up when it is given.
    """
    found: list[MappingFault] = []
    for index, mapping in enumerate(mappings):
        try:
            _source(mapping)
        except ExpressionInvalid as error:
            found.append(MappingFault(index, "source", str(error)))
        try:
            reason = fault_of(parse_destination(mapping.destination), field_at) if field_at is not None else ""
            if field_at is None:
                parse_destination(mapping.destination)
        except ExpressionInvalid as error:
            reason = str(error)
        if reason:
            found.append(MappingFault(index, "destination", reason))
    return found
