"""Text functions of the journey language. Source: expression-language §8.7."""

from uuid import uuid4

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.functions import row
from parcours.expressions.regex import Pattern
from parcours.expressions.regex_syntax import PatternInvalid


def _concat(left: str | None, right: str | None) -> str:
    return (left or "") + (right or "")


def _concat_list(parts: list[str | None] | None) -> str | None:
    return None if parts is None else "".join(part for part in parts if part is not None)


def _equal_ignore_case(left: str, right: str) -> bool:
    return left.lower() == right.lower()


def _not_equal_ignore_case(left: str | None, right: str | None) -> bool:
    return left is None or right is None or left.lower() != right.lower()


def _substr(text: str, begin: int, end: int | None = None) -> str:
    return text[max(begin, 0) : len(text) if end is None else max(end, 0)]


def _replace(text: str, pattern: Pattern, replacement: str) -> str:
    return _replaced(text, pattern, replacement, is_first_only=True)


def _replace_all(text: str, pattern: Pattern, replacement: str) -> str:
    return _replaced(text, pattern, replacement, is_first_only=False)


def _replaced(text: str, pattern: Pattern, replacement: str, *, is_first_only: bool) -> str:
    try:
        return pattern.replace(text, replacement, is_first_only=is_first_only)
    except PatternInvalid as error:
        raise ExpressionFailed(str(error)) from None


TEXT = (
    row("concat(string, string) : string", _concat, nulls="keep"),
    row("concat(listString) : string", _concat_list, nulls="keep"),
    row("contain(string, string) : boolean", lambda text, part: part in text),
    row("containIgnoreCase(string, string) : boolean", lambda text, part: part.lower() in text.lower()),
    row("startWith(string, string) : boolean", lambda text, part: text.startswith(part)),
    row("startWithIgnoreCase(string, string) : boolean", lambda text, part: text.lower().startswith(part.lower())),
    row("endWith(string, string) : boolean", lambda text, part: text.endswith(part)),
    row("endWithIgnoreCase(string, string) : boolean", lambda text, part: text.lower().endswith(part.lower())),
    row("equalIgnoreCase(string, string) : boolean", _equal_ignore_case),
    row("notEqualIgnoreCase(string, string) : boolean", _not_equal_ignore_case, nulls="keep"),
    row("indexOf(string, string) : integer", lambda text, part: text.find(part)),
    row("lastIndexOf(string, string) : integer", lambda text, part: text.rfind(part)),
    row("isEmpty(string) : boolean", lambda text: not text),
    row("isNotEmpty(string) : boolean", lambda text: bool(text)),
    row("length(string) : integer", len),
    row("lower(string) : string", lambda text: text.lower()),
    row("upper(string) : string", lambda text: text.upper()),
    row("matchRegExp(string, pattern) : boolean", lambda text, pattern: pattern.matches(text)),
    row("replace(string, pattern, string) : string", _replace),
    row("replaceAll(string, pattern, string) : string", _replace_all),
    row("split(string, pattern) : listString", lambda text, pattern: pattern.split(text)),
    row("substr(string, integer, integer?) : string", _substr),
    row("trim(string) : string", lambda text: text.strip()),
    row("uuid() : string", lambda: str(uuid4()), is_pure=False),
)
