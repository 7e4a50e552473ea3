"""Functions as rows of a table: a signature, what computes it, and how it treats null."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal

from parcours.expressions.dates import DATE_PARTS, zone_named
from parcours.expressions.regex import Pattern, compile_pattern, pattern_at_run_time
from parcours.expressions.types import Type, accepts
from parcours.expressions.values import converter, only_text, only_texts

Nulls = Literal["null", "false", "keep"]
"""What a null argument makes of the call: null, false, or the function sees it."""

_SIGNATURE = re.compile(r"(\w+)\((.*)\) : (\w+)")
_PARAMETER = re.compile(r"(\w+)(!?)(\?|\.\.\.|)")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter accepts beyond a plain type, and how its argument is made ready."""

    type: Type
    prepare: Callable[[Any], Any]
    """Applied to a constant when the expression is compiled. Raises ValueError with a reason."""
    prepare_late: Callable[[Any], Any]
    """Applied to a computed value."""


def _same(value: Any) -> Any:
    return value


def _zone(name: str) -> tzinfo:
    return zone_named(name)


def _pattern(text: str) -> Pattern:
    try:
        return compile_pattern(text)
    except ValueError as error:
        raise ValueError(f"{text[:80]!r} is no usable pattern: {error}") from None


def _part(text: str) -> str:
    if text not in DATE_PARTS:
        raise ValueError(f"{text!r} is none of {', '.join(DATE_PARTS)}")
    return text


KINDS: Mapping[str, Kind] = {
    "zone": Kind(Type.STRING, _zone, _same),
    "pattern": Kind(Type.STRING, _pattern, pattern_at_run_time),
    "part": Kind(Type.STRING, _part, _same),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `type` is None for a list of any scalar type ("list"), or of anything ("anyList")."""

    name: str
    """As written in the signature: a type, a kind, "list" or "anyList"."""
    type: Type | None
    is_constant: bool
    """Whether only a literal may stand here."""
    kind: Kind | None

    def accepts(self, given: Type) -> bool:
        """Whether an argument of this type may be passed, perhaps after a check when it runs."""
        if self.type is not None:
            return accepts(self.type, given)
        if given in (Type.ANY, Type.NULL):
            return True
        return given.is_list and (self.name == "anyList" or given is not Type.LIST_OBJECT)

    def converter(self) -> Callable[[Any], Any] | None:
        """What checks and converts a value whose type was not known before; a number never becomes a text."""
        if self.type is Type.STRING:
            return only_text
        if self.type is Type.LIST_STRING:
            return only_texts
        return converter(self.type) if self.type is not None else None


@dataclass(frozen=True, slots=True)
class Function:
    """One row: an overload of a function."""

    signature: str
    name: str
    parameters: tuple[Parameter, ...]
    required: int
    is_variadic: bool
    result: str
    """A type, "same" (as the first argument) or "element" (of the first argument)."""
    call: Callable[..., Any]
    nulls: Nulls
    takes_context: bool
    """Whether the EvaluationContext is passed first; such a call is never computed ahead."""
    is_pure: bool
    must_yield: bool
    """Whether null from constant arguments is a mistake of the author."""

    def parameter(self, index: int) -> Parameter:
        """The parameter of the argument at `index`; the last one repeats in a variadic function."""
        return self.parameters[min(index, len(self.parameters) - 1)]

    def takes(self, count: int) -> bool:
        """Whether the function can be called with so many arguments."""
        return self.required <= count and (self.is_variadic or count <= len(self.parameters))

    def result_type(self, arguments: list[Type]) -> Type:
        """What it yields for arguments of these types."""
        if self.result == "same":
            return arguments[0]
        if self.result == "element":
            return arguments[0].element
        return Type(self.result)


def row(
    signature: str,
    call: Callable[..., Any],
    *,
    nulls: Nulls | None = None,
    takes_context: bool = False,
    is_pure: bool = True,
    must_yield: bool = False,
) -> Function:
    """A row from `name(type, type?, type...) : result`; `!` marks an argument that must be a literal.

    Without `nulls`, a null argument makes a predicate false and everything else null.
    Source: expression-language §8.
    """
    found = _SIGNATURE.fullmatch(signature)
    assert found, signature
    name, inside, result = found.groups()
    parameters: list[Parameter] = []
    required, is_variadic = 0, False
    for text in filter(None, inside.split(", ")):
        part = _PARAMETER.fullmatch(text)
        assert part, signature
        kind = KINDS.get(part[1])
        plain = None if part[1] in ("list", "anyList") else kind.type if kind else Type(part[1])
        parameters.append(Parameter(part[1], plain, bool(part[2]), kind))
        required += part[3] == ""
        is_variadic = part[3] == "..."
    return Function(
        re.sub(r"!", "", signature),
        name,
        tuple(parameters),
        required,
        is_variadic,
        result,
        call,
        nulls or ("false" if result == "boolean" else "null"),
        takes_context,
        is_pure and not takes_context,
        must_yield,
    )


class Library:
    """The rows by name."""

    def __init__(self, rows: Iterable[Function]) -> None:
        self.by_name: dict[str, tuple[Function, ...]] = {}
        for function in rows:
            self.by_name[function.name] = (*self.by_name.get(function.name, ()), function)

    def signatures(self) -> list[str]:
        """Every signature, by name."""
        return [function.signature for name in sorted(self.by_name) for function in self.by_name[name]]
