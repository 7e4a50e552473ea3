"""Java regular expressions that can't hang.

A pattern runs in Python's `re` while its worst case stays small for the text at hand, otherwise in RE2, which is
linear. What neither can do safely (look-around or back references around nested repetition) is refused.
"""

import importlib
import re
from functools import lru_cache
from math import log2
from typing import Any

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.regex_syntax import PatternInvalid, parse_pattern
from parcours.expressions.values import MAX_TEXT

_MAX_STEPS_LOG2 = 20.0
"""Python's engine makes some 10**8 steps a second: 2**20 of them are about ten milliseconds."""
_MAX_LINEAR = 2**24
"""Characters of the text times size of the pattern, for one search by RE2: at some 25 ns each, under half a second."""
_MAX_QUADRATIC = 2**26
"""The same for every match in a text: each search may look at all that is left, and find little."""
_SMALL = 16
"""Size of a pattern for which RE2 has a faster engine, whatever the size below it."""
_MAX_REPLACED = 16 * MAX_TEXT


class Pattern:
    """One compiled pattern. Its methods raise ExpressionFailed for a text too long to be searched safely."""

    def __init__(self, text: str) -> None:
        """Raises PatternInvalid."""
        piece, groups = parse_pattern(text)
        self.text = text
        self._groups = groups
        self._piece = piece
        self._python: re.Pattern[str] | None = None
        if piece.python is not None:
            try:
                self._python = re.compile(piece.python, re.ASCII)
            except (re.error, OverflowError, RecursionError) as error:
                raise PatternInvalid(str(error)) from None
        if (piece.is_explosive or self._python is None) and not self._has_re2():
            raise PatternInvalid("this pattern could take for ever on some texts; avoid repetition inside repetition")

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        python = self._fast(text, 0)
        if python is not None:
            return python.fullmatch(text) is not None
        return bool(_re2("match_substring_regex", text, pattern=rf"\A(?:{self._re2_source()})\z"))

    def replace(self, text: str, replacement: str, *, is_first_only: bool = False) -> str:
        """With matches replaced; $1 and ${name} are groups, a backslash quotes. Raises PatternInvalid, too."""
        parts = self._replacement(replacement)
        if len(replacement) * (len(text) + 1) > _MAX_REPLACED:
            raise ExpressionFailed("the text to replace in is too long for this replacement")
        python = self._fast(text, 1, is_global=not is_first_only)
        if python is not None:
            result = python.sub(
                lambda found: "".join(p if type(p) is str else found[p] or "" for p in parts),
                text,
                count=1 if is_first_only else 0,
            )
        else:
            if any(type(part) is int and part > 9 for part in parts):
                raise ExpressionFailed("only groups 1 to 9 can be used with this pattern")
            rewrite = "".join(p.replace("\\", "\\\\") if isinstance(p, str) else f"\\{p}" for p in parts)
            result = _re2(
                "replace_substring_regex",
                text,
                pattern=self._re2_source(),
                replacement=rewrite,
                max_replacements=1 if is_first_only else None,
            )
        if len(result) > MAX_TEXT:
            raise ExpressionFailed(f"a text grew beyond {MAX_TEXT} characters")
        return result

    def split(self, text: str) -> list[str]:
        """The pieces between matches, without empty ones at the end, as Java splits."""
        if not text:
            return [""]
        python = self._fast(text, 1, is_global=True)
        if python is not None:
            pieces, at = [], 0
            for found in python.finditer(text):
                if found.end() == 0 or (found.end() == found.start() == len(text)):
                    continue
                pieces.append(text[at : found.start()])
                at = found.end()
            pieces.append(text[at:])
        elif self._piece.may_be_empty:
            raise ExpressionFailed("a text this long can't be split by a pattern that matches nothing")
        else:
            pieces = list(_re2("split_pattern_regex", text, pattern=self._re2_source()))
        while pieces and not pieces[-1]:
            pieces.pop()
        return pieces

    def groups(self, text: str) -> list[str | None] | None:
        """The first match anywhere and its groups, or None."""
        python = self._fast(text, 1)
        if python is not None:
            found = python.search(text)
            return None if found is None else [found[0], *found.groups()]
        answer = _re2("extract_regex", text, pattern=f"(?P<g0>{self._re2_source()})")
        return None if answer is None else [answer[f"g{n}"] for n in range(len(self._groups) + 1)]

    def _fast(self, text: str, extra_degree: int, *, is_global: bool = False) -> re.Pattern[str] | None:
        """Python's pattern when it is quick enough on this text; None to use RE2."""
        length = len(text)
        if length > MAX_TEXT:
            raise ExpressionFailed(f"a text of more than {MAX_TEXT} characters can't be searched")
        piece = self._piece
        if not piece.is_explosive and self._python is not None:
            degree = piece.degree + extra_degree
            if piece.bits + degree * log2(length + 1) <= _MAX_STEPS_LOG2 or (degree <= 1 and piece.bits < 4):
                return self._python
        is_too_long = length * piece.size > _MAX_LINEAR
        if is_global:
            is_too_long |= length * length * max(piece.size // _SMALL, 1) > _MAX_QUADRATIC
        if is_too_long or not self._has_re2():
            raise ExpressionFailed(f"a text of {length} characters is too long for the pattern {self.text[:80]!r}")
        return None

    def _re2_source(self) -> str:
        assert self._piece.re2 is not None
        return self._piece.re2

    def _has_re2(self) -> bool:
        if self._piece.re2 is None:
            return False
        try:
            _re2("match_substring_regex", "", pattern=self._piece.re2)
        except ExpressionFailed:
            return False
        return True

    def _replacement(self, text: str) -> list[str | int]:
        parts: list[str | int] = []
        at = 0
        while at < len(text):
            char = text[at]
            at += 1
            if char == "\\":
                if at == len(text):
                    raise PatternInvalid("a replacement can't end with a single backslash")
                parts.append(text[at])
                at += 1
            elif char == "$":
                if text.startswith("{", at):
                    name = text[at + 1 : text.find("}", at)] if "}" in text[at:] else ""
                    if not name or name not in self._groups:
                        raise PatternInvalid(f"the pattern has no group named {name!r}")
                    parts.append(self._groups.index(name) + 1)
                    at += len(name) + 2
                    continue
                end = at
                while end < len(text) and text[end] in "0123456789" and int(text[at : end + 1]) <= len(self._groups):
                    end += 1
                if end == at:
                    raise PatternInvalid("$ in a replacement names a group of the pattern; write \\$ for the character")
                parts.append(int(text[at:end]))
                at = end
            else:
                parts.append(char)
        return parts


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """The pattern, remembered. Raises PatternInvalid."""
    return Pattern(text)


def pattern_at_run_time(text: str) -> Pattern:
    """As compile_pattern, for a pattern that was computed: raises ExpressionFailed."""
    try:
        return compile_pattern(text)
    except PatternInvalid as error:
        raise ExpressionFailed(f"{text[:80]!r} is no usable pattern: {error}") from None


def _re2(verb: str, text: str, **options: Any) -> Any:
    """One of Arrow's string functions, which run RE2, on one text."""
    compute = importlib.import_module("pyarrow.compute")
    try:
        return getattr(compute, verb)(importlib.import_module("pyarrow").scalar(text, "string"), **options).as_py()
    except (ValueError, OSError) as error:
        raise ExpressionFailed(f"the pattern can't be run: {error}") from None
