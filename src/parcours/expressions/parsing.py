"""What both languages share in reading text: the guards, and Lark's errors in our words."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.syntax import At

MAX_NESTING = 50
"""Deepest brackets; what compiles below it also runs without exhausting the interpreter's stack."""

_BRACKETS = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()\[\]{}]""", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


class Grammar:
    """One Lark grammar with its transformer, ready to read texts of at most `max_length` characters."""

    def __init__(
        self, file: str, transformer: Transformer[Token, Any], words: Mapping[str, str], max_length: int
    ) -> None:
        """words: what an expected terminal is called in a message; "" leaves it out."""
        self._lark = Lark(
            (Path(__file__).parent / file).read_text("utf-8"),
            parser="lalr",
            transformer=transformer,
            maybe_placeholders=False,
        )
        self._words = words
        self._max_length = max_length

    def parse(self, text: str) -> Any:
        """What the transformer makes of the text. Raises ExpressionInvalid."""
        if not isinstance(text, str):
            raise ExpressionInvalid("an expression is a text")
        if len(text) > self._max_length:
            raise ExpressionInvalid(f"an expression has at most {self._max_length} characters, not {len(text)}")
        _check_nesting(text)
        try:
            return self._lark.parse(text)
        except UnexpectedInput as error:
            raise self._explain(text, error) from None

    def _explain(self, text: str, error: UnexpectedInput) -> ExpressionInvalid:
        token = ""
        expected: Any = ()
        if isinstance(error, UnexpectedToken) and error.token.type != "$END":
            token, expected = str(error.token), error.accepts or error.expected
        elif isinstance(error, UnexpectedCharacters):
            found = re.compile(r"\w+|.", re.DOTALL).match(text, error.pos_in_stream or 0)
            token, expected = found[0] if found else "", error.allowed or ()
        else:
            expected = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
        names = sorted({self._words.get(name, name.lower()) for name in expected} - {""})
        line, column = error.line, error.column
        if not token:
            line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
        reason = f"unexpected {token[:40]!r}" if token else "the expression ends too early"
        if token[:1] in ('"', "'") and "'" not in token[1:] and '"' not in token[1:]:
            reason = "a text is not closed"
        if token.isupper() and token.lower() in _KEYWORDS:
            reason += f": keywords are written in lower case, {token.lower()!r}"
        return ExpressionInvalid(reason, line=line, column=column, token=token, expected=names)


_KEYWORDS = frozenset({"and", "or", "not", "is", "has", "null", "if", "then", "else", "true", "false"})


def _check_nesting(text: str) -> None:
    depth = 0
    for found in _BRACKETS.finditer(text):
        bracket = found[0]
        if bracket in "([{":
            depth += 1
            if depth > MAX_NESTING:
                before = text[: found.start()]
                raise ExpressionInvalid(
                    f"brackets are nested deeper than {MAX_NESTING}",
                    line=before.count("\n") + 1,
                    column=len(before) - (before.rfind("\n") + 1) + 1,
                    token=bracket,
                )
        elif bracket in ")]}":
            depth -= 1


def at(token: Token) -> At:
    """The position of a token."""
    return At(token.line or 1, token.column or 1, str(token))


def unquote(token: Token) -> str:
    """The text of a quoted token; unknown escapes stay as they are written, backslash included.

    Raises ExpressionInvalid for half of a surrogate pair. Source: expression-language §2.
    """
    text = str(token)[1:-1]
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        return _SIMPLE.get(escape, found[0])

    try:
        return _ESCAPE.sub(plain, text).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        place = at(token)
        raise ExpressionInvalid(
            "the text holds half of a surrogate pair", line=place.line, column=place.column, token=place.token[:40]
        ) from None
