"""Text functions of the journey language. Source: expression-language §8.7."""

from uuid import uuid4

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.functions import row
from parcours.expressions.references import EvaluationContext
from parcours.expressions.regex import Pattern
from parcours.expressions.regex_syntax import PatternInvalid
from parcours.expressions.values import joined


def _concat(left: str | None, right: str | None) -> str:
    return joined([left or "", right or ""])


def _concat_list(parts: list[str | None]) -> str:
    return joined(part for part in parts if part is not None)


def _equal_ignore_case(left: str, right: str) -> bool:
    return left.lower() == right.lower()


def _not_equal_ignore_case(left: str | None, right: str | None) -> bool:
    return left is None or right is None or left.lower() != right.lower()


def _substr(text: str, begin: int, end: int | None = None) -> str:
    return text[max(begin, 0) : len(text) if end is None else max(end, 0)]


def _matches(context: EvaluationContext, text: str, pattern: Pattern) -> bool:
    _spend(context)
    return pattern.matches(text)


def _split(context: EvaluationContext, text: str, pattern: Pattern) -> list[str]:
    _spend(context)
    return pattern.split(text)


def _replace(context: EvaluationContext, text: str, pattern: Pattern, replacement: str) -> str:
    return _replaced(context, text, pattern, replacement, is_first_only=True)


def _replace_all(context: EvaluationContext, text: str, pattern: Pattern, replacement: str) -> str:
    return _replaced(context, text, pattern, replacement, is_first_only=False)


def _replaced(context: EvaluationContext, text: str, pattern: Pattern, replacement: str, *, is_first_only: bool) -> str:
    _spend(context)
    try:
        return pattern.replace(text, replacement, is_first_only=is_first_only)
    except PatternInvalid as error:
        raise ExpressionFailed(str(error)) from None


def _spend(context: EvaluationContext) -> None:
    """One search may take half a second; an expression with several has an allowance for all of them."""
    if context.allowance is not None:
        context.allowance.spend(1)


TEXT = (
    row("concat(string, string) : string", _concat, nulls="keep"),
    row("concat(listString) : string", _concat_list),
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
    row("matchRegExp(string, pattern) : boolean", _matches, takes_context=True),
    row("replace(string, pattern, string) : string", _replace, takes_context=True),
    row("replaceAll(string, pattern, string) : string", _replace_all, takes_context=True),
    row("split(string, pattern) : listString", _split, takes_context=True),
    row("substr(string, integer, integer?) : string", _substr),
    row("trim(string) : string", lambda text: text.strip()),
    row("uuid() : string", lambda: str(uuid4()), is_pure=False),
)
