"""What both languages share in reading text: the guards, and Lark's errors in our words."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import category

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from parcours.expressions.errors import ExpressionInvalid, nearest
from parcours.expressions.syntax import At

MAX_NESTING = 50
"""Deepest brackets; what compiles below it also runs without exhausting the interpreter's stack."""

_TEXT = r""""(?:[^"\\]|\\.)*+(?:"|\\?\Z)|'(?:[^'\\]|\\.)*+(?:'|\\?\Z)"""
"""A text, or one that is never closed: possessive and up to the end, so that no text is searched twice."""
_BRACKETS = re.compile(_TEXT + r"|[()\[\]{}]", re.DOTALL)
_CALLED = re.compile(r"\.\s*(\w+)\s*\Z")
_OPENING = re.compile(r"[#@$]+\s*(\w*)\s*\{?")
"""What may be meant for the beginning of a reference."""
_INVISIBLE = ("Cc", "Cf", "Cn", "Co")
_CURLY_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2032\u2033\u0060\u00b4"
_WORDS = re.compile(_TEXT + r"|\w+", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


class Grammar:
    """One Lark grammar with its transformer, ready to read texts of at most `max_length` characters."""

    def __init__(
        self,
        file: str,
        transformer: Transformer[Token, Any],
        words: Mapping[str, str],
        max_length: int,
        selectors: Sequence[str] = (),
        openings: Sequence[str] = (),
    ) -> None:
        """words: what an expected terminal is called in a message; "" leaves it out.

        selectors: what may be called after a dot. openings: what a reference begins with.
        """
        self._lark = Lark(
            (Path(__file__).parent / file).read_text("utf-8"),
            parser="lalr",
            transformer=transformer,
            maybe_placeholders=False,
        )
        self._words = words
        self._max_length = max_length
        self._selectors = selectors
        self._openings = openings

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
        token, start = "", len(text)
        expected: Any = ()
        if isinstance(error, UnexpectedToken) and error.token.type != "$END":
            token, start, expected = str(error.token), error.pos_in_stream or 0, error.accepts or error.expected
        elif isinstance(error, UnexpectedCharacters):
            start = error.pos_in_stream or 0
            found = re.compile(r"\w+|.", re.DOTALL).match(text, start)
            token, expected = found[0] if found else "", error.allowed or ()
        else:
            expected = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
        wrong = _wrong_keyword(text, start) if token in ("then", "else") else None
        if wrong is not None:
            token, start = wrong[0], wrong.start()
            expected = ()
        names = sorted({self._words.get(name, name.lower()) for name in expected} - {""})
        reason = f"unexpected {token[:40]!r}" if token else "the expression ends too early"
        blamed = _blamed(token)
        if blamed:
            reason, names = blamed, []
        candidates: list[str] = []
        if token.lower() in _KEYWORDS and token.lower() != token:
            reason += f": keywords are written in lower case, {token.lower()!r}"
            candidates = [token.lower()]
        elif token.isidentifier():
            known = {word[1:-1] for name in names if name[0] == "'" for word in re.findall(r"'[a-z]+'", name, re.I)}
            candidates = nearest(token, sorted(known))
        elif self._openings and (opening := _OPENING.match(text, start)):
            written = f"@{opening[1]}{{"
            candidates = nearest(written, self._openings) if opening[1] else []
            candidates = [name for name in candidates if name.lower() == written.lower()] or candidates
        elif token == "(" and (called := _CALLED.search(text, max(start - 100, 0), start)) and self._selectors:
            candidates = nearest(called[1], self._selectors)
        else:
            around = (text[start : start + 2], text[max(start - 1, 0) : start + 1], token)
            candidates = [_FOREIGN[written] for written in around if written in _FOREIGN][:1]
        line, column = position(text, start)
        return ExpressionInvalid(reason, line=line, column=column, token=token, expected=names, candidates=candidates)


def _blamed(token: str) -> str:
    """What is wrong with a character that stands nowhere outside of a text; "" for others."""
    if token in ('"', "'"):
        return "a text is not closed"
    if len(token) != 1:
        return ""
    if token in _CURLY_QUOTES:
        return "a text stands between straight quotes, ' or \""
    return f"an invisible character, U+{ord(token):04X}, stands here" if category(token) in _INVISIBLE else ""


_KEYWORDS = frozenset({"and", "or", "not", "is", "has", "null", "if", "then", "else", "true", "false"})
_FOREIGN = {"=": "==", "&&": "and", "||": "or", "!": "not", "<>": "!=", "&": "and", "|": "or"}
"""What other languages write for an operator of this one."""


def _wrong_keyword(text: str, end: int) -> re.Match[str] | None:
    """The first keyword before `end` that is not in lower case: what is to blame for a `then` that nobody expects."""
    for found in _WORDS.finditer(text, 0, end):
        if found[0].lower() in _KEYWORDS and found[0].lower() != found[0]:
            return found
    return None


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character at `offset`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def offset_of(text: str, line: int, column: int) -> int:
    """The contrary of `position`; at most the length of the text."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _check_nesting(text: str) -> None:
    depth = 0
    for found in _BRACKETS.finditer(text):
        bracket = found[0]
        if bracket in "([{":
            depth += 1
            if depth > MAX_NESTING:
                line, column = position(text, found.start())
                raise ExpressionInvalid(
                    f"brackets are nested deeper than {MAX_NESTING}", line=line, column=column, token=bracket
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
    if "\\" not in text and text.isascii():
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
