"""Functions of the mapping language as rows of a table, which also describes them to clients."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.java_dates import parse_any_date
from parcours.expressions.mapping_paths import Path
from parcours.expressions.regex import Pattern, pattern_at_run_time
from parcours.expressions.values import to_text, type_of
from parcours.kit.clock import to_datetime


@dataclass(slots=True)
class Scope:
    """What one evaluation sees: the source record, and the instant it is mapped at."""

    record: Any
    now_us: int


Run = Callable[[Scope], Any]


class Appended(list[Any]):
    """An array that a partial update puts at the end of what is stored, where it would replace it."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument before it is evaluated: how to, and its source path when it is one."""

    run: Run
    path: Path | None


@dataclass(frozen=True, slots=True)
class MappingParameter:
    """One parameter of a row."""

    name: str
    type: str
    """string, integer, number, date, array, object, regex, path or any; arguments are converted to it."""
    is_optional: bool
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class MappingFunction:
    """One row."""

    category: str
    name: str
    parameters: tuple[MappingParameter, ...]
    returns: str
    call: Callable[..., Any]
    description: str
    example: str
    """An expression; with `result`, a test by itself."""
    result: str
    is_lazy: bool
    """Whether `call` gets (scope, *arguments) unevaluated: it decides what is evaluated."""
    sees_null: bool
    """Whether `call` gets null arguments; otherwise one makes the call null."""

    @property
    def required(self) -> int:
        """How many arguments there must be."""
        return sum(not (p.is_optional or p.is_repeated) for p in self.parameters)

    @property
    def allowed(self) -> int | None:
        """How many there may be; None without limit."""
        return None if any(p.is_repeated for p in self.parameters) else len(self.parameters)

    @property
    def syntax(self) -> str:
        """Such as `LPAD(STRING, INTEGER, [PAD])`."""
        shown = [
            f"{p.name.upper()}…" if p.is_repeated else f"[{p.name.upper()}]" if p.is_optional else p.name.upper()
            for p in self.parameters
        ]
        return f"{self.name}({', '.join(shown)})"

    def describe(self) -> dict[str, Any]:
        """The descriptor of `GET /languages/el/functions`. Source: platform-apis §6.2."""
        return {
            "category": self.category,
            "function": self.name,
            "description": self.description,
            "syntax": self.syntax,
            "returns": self.returns,
            "returnType": self.returns,
            "example": self.example,
            "result": self.result,
            "params": [
                {
                    "name": p.name,
                    "description": ("optional" if p.is_optional else "repeated" if p.is_repeated else "required"),
                    "type": p.type,
                    "dataType": p.type,
                    "position": position,
                }
                for position, p in enumerate(self.parameters)
            ],
            "since": "1.0",
        }


def define(
    category: str,
    signature: str,
    call: Callable[..., Any],
    description: str,
    example: str = "",
    result: str = "",
    *,
    is_lazy: bool = False,
    sees_null: bool = False,
) -> MappingFunction:
    """A row from `name(parameter:type, parameter:type?, parameter:type...) : type`."""
    head, _, returns = signature.rpartition(" : ")
    name, _, inside = head.partition("(")
    parameters = []
    for part in filter(None, inside.removesuffix(")").split(", ")):
        label, _, kind = part.partition(":")
        parameters.append(MappingParameter(label, kind.rstrip("?."), kind.endswith("?"), kind.endswith("...")))
    return MappingFunction(
        category, name, tuple(parameters), returns, call, description, example, result, is_lazy, sees_null
    )


def table(rows: Iterable[MappingFunction], aliases: Mapping[str, str]) -> dict[str, MappingFunction]:
    """The rows by name; `aliases` maps a further name to the row it stands for."""
    by_name = {row.name: row for row in rows}
    for alias, name in aliases.items():
        by_name[alias] = replace(by_name[name], name=alias, example="", result="")
    return by_name


# --- arguments ------------------------------------------------------------------------------------------------------


def as_date(value: Any) -> datetime:
    """A date-time: itself, epoch milliseconds, or a text in one of the known forms. Raises ExpressionFailed."""
    if type(value) is datetime:
        return value
    if type(value) is int:
        return from_epoch_ms(value)
    found = parse_any_date(value) if type(value) is str else None
    if found is None:
        raise ExpressionFailed(f"{_shown(value)} is no date")
    return found


def from_epoch_ms(value: int) -> datetime:
    """An instant from epoch milliseconds. Raises ExpressionFailed."""
    try:
        return to_datetime(value * 1000)
    except (OverflowError, ValueError, OSError):
        raise ExpressionFailed(f"{value} ms lies outside the years 1 to 9999") from None


def as_number(value: Any) -> int | float:
    """A number: itself, or what a text holds. Raises ExpressionFailed."""
    if type(value) in (int, float):
        return value  # type: ignore[no-any-return]
    if type(value) is str and len(value) <= 400 and "_" not in value:
        text = value.strip()
        try:
            return int(text) if text.lstrip("+-").isdecimal() else finite(float(text))
        except ValueError:
            pass
    raise ExpressionFailed(f"{_shown(value)} is no number")


def finite(value: float) -> float:
    """The value, when it is neither infinite nor undefined. Raises ExpressionFailed."""
    if value - value != 0:
        raise ExpressionFailed("a number grew beyond what a double can hold")
    return value


def as_integer(value: Any) -> int:
    """A whole number; a decimal loses its fraction. Raises ExpressionFailed."""
    return int(as_number(value))


def as_array(value: Any) -> list[Any]:
    """A list. Raises ExpressionFailed."""
    if type(value) is not list:
        raise ExpressionFailed(f"{_shown(value)} is no array")
    return value


def as_object(value: Any) -> dict[str, Any]:
    """An object or map. Raises ExpressionFailed."""
    if type(value) is not dict:
        raise ExpressionFailed(f"{_shown(value)} is no object")
    return value


def as_string(value: Any) -> str:
    """The text form. Raises ExpressionFailed for an array or object."""
    if type(value) in (list, dict):
        raise ExpressionFailed(f"a value of type {type_of(value)} is no text")
    return to_text(value)


def _as_pattern(value: Any) -> Pattern:
    return pattern_at_run_time(as_string(value))


def _shown(value: Any) -> str:
    return repr(value[:40]) if type(value) is str else f"a value of type {type_of(value)}"


CONVERT: Mapping[str, Callable[[Any], Any] | None] = {
    "string": as_string,
    "integer": as_integer,
    "number": as_number,
    "date": as_date,
    "array": as_array,
    "object": as_object,
    "regex": _as_pattern,
    "path": None,
    "any": None,
}


def caller(function: MappingFunction, arguments: list[Argument]) -> Run:
    """The call of a row with arguments whose number was checked."""
    call = function.call
    if function.is_lazy:
        return lambda scope: call(scope, *arguments)
    last = len(function.parameters) - 1
    repeated = next((i for i, p in enumerate(function.parameters) if p.is_repeated), None)
    span = last - repeated + 1 if repeated is not None else 1
    steps: list[tuple[Run, Callable[[Any], Any] | None]] = []
    for index, argument in enumerate(arguments):
        at = index if index <= last or repeated is None else repeated + (index - repeated) % span
        steps.append((argument.run, CONVERT[function.parameters[at].type]))
    sees_null = function.sees_null

    def run(scope: Scope) -> Any:
        values = []
        for evaluate, convert in steps:
            value = evaluate(scope)
            if value is None:
                if not sees_null:
                    return None
            elif convert is not None:
                value = convert(value)
            values.append(value)
        return call(*values)

    return run
