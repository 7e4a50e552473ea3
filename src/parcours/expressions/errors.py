"""What can go wrong with an expression: when it is written, and when it runs."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

from parcours.kit.errors import Invalid, ParcoursError

Fault = Literal["syntax", "reference", "type"]


class ExpressionInvalid(Invalid):
    """A text that is no expression, or not one that fits its place.

    message: the reason with what was expected and what is near; str(error) has the position before it.
    line, column: of the offending token, both from 1. token: its text, "" at the end of the expression.
    expected: what could stand there, in words; empty when that says nothing.
    candidates: known names nearest to an unknown one, best first.
    Source: expression-language §10.
    """

    title = "Invalid expression"

    def __init__(
        self,
        reason: str,
        *,
        fault: Fault = "syntax",
        line: int = 1,
        column: int = 1,
        token: str = "",
        expected: Sequence[str] = (),
        candidates: Sequence[str] = (),
    ) -> None:
        message = reason
        if expected:
            message += f"; expected {_any_of(expected)}"
        if candidates:
            message += f"; did you mean {_any_of([repr(name) for name in candidates])}?"
        super().__init__(f"line {line}, column {column}: {message}")
        self.reason = reason
        self.message = message
        self.fault: Fault = fault
        self.line = line
        self.column = column
        self.token = token
        self.expected = tuple(expected)
        self.candidates = tuple(candidates)


class ExpressionFailed(ParcoursError):
    """A well-formed expression met a value it can't work with: text where a number is declared, a day 31 in June."""


class ContextInvalid(Invalid):
    """A JSON document that doesn't say in what an expression is to be evaluated; `path` is that of the fault."""

    title = "Invalid context"


class UnknownReference(Exception):
    """Raised by a ReferenceTypes for a name it doesn't know; the compiler adds the position.

    what: the kind of thing looked for, e.g. "field". known: every name that could stand there.
    """

    def __init__(self, what: str, name: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"unknown {what} {name!r}")
        self.what = what
        self.name = name
        self.known = tuple(known)


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three known names that look like `name`; another case of it comes first."""
    names = list(dict.fromkeys(known))[:5000]
    same = [candidate for candidate in names if candidate.lower() == name.lower()]
    return (same + [c for c in get_close_matches(name[:100], names, n=3, cutoff=0.6) if c not in same])[:3]


def _any_of(names: Sequence[str]) -> str:
    shown = list(names[:12])
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]
