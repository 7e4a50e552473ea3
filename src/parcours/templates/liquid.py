"""Liquid, fenced in: what it may read, how far it may loop, how much it may write and how long it may take."""

import contextlib
import time
from collections.abc import ItemsView, Iterator, Mapping
from io import StringIO
from typing import Any

import liquid
from liquid import BoundTemplate, FalsyStrictUndefined, RenderContext, Undefined
from liquid.builtin.filters.string import replace as replace_filter
from liquid.exceptions import (
    LiquidError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    UndefinedError,
)

from parcours.templates.errors import RenderFailed, TemplateInvalid

ROOTS = frozenset({"profile", "event", "context", "params", "links"})
"""What a template may read."""
MAX_SOURCE_CHARACTERS = 500_000
MAX_ITERATIONS = 10_000
MAX_OUTPUT_BYTES = 1_000_000
MAX_LOCALS_BYTES = 2_000_000
MAX_RENDER_S = 0.25
_FORBIDDEN_TAGS = ("include", "render", "extends", "block", "macro", "call")

Path = tuple[str, ...]


class TooSlow(LiquidError):
    """Rendering took longer than it may."""


class _Context(RenderContext):
    """Looks at the time at each step that can repeat."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._until_s = time.monotonic() + MAX_RENDER_S

    def get(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() > self._until_s:
            raise TooSlow("rendering took too long", token=None)
        return super().get(*args, **kwargs)


class _Absent(Undefined):
    """A field without value, which tells when it is shown: to ask whether it is there is not to show it."""

    __slots__ = ("_shown", "_where")

    def __init__(self, where: Path, shown: set[Path]) -> None:
        super().__init__(".".join(where), token=None)
        self._where = where
        self._shown = shown

    def _note(self) -> None:
        self._shown.add(self._where)

    def __str__(self) -> str:
        self._note()
        return ""

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(())

    def __len__(self) -> int:
        self._note()
        return 0

    def items(self) -> ItemsView[Any, object]:
        self._note()
        return {}.items()


class _Watching(_Context):
    """Notes the fields without value that are shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown: set[Path] = set()

    def get(self, path: list[object], *args: Any, **kwargs: Any) -> Any:
        found = super().get(path, *args, **kwargs)
        if path[0] in ROOTS and (found is None or isinstance(found, Undefined)):
            return _Absent(_path(path), self.shown)
        return found


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(liquid.Environment):
    loop_iteration_limit = MAX_ITERATIONS
    output_stream_limit = MAX_OUTPUT_BYTES
    local_namespace_limit = MAX_LOCALS_BYTES
    template_class = _Template


def _bounded_replace(left: Any, seq: Any, sub: Any = "") -> Any:
    """`replace`, unless what comes out of it would be too large: a text of n characters can become n times as long."""
    text, old, new = str(left), str(seq), str(sub)
    if len(text) + (text.count(old) if old else len(text) + 1) * len(new) > MAX_OUTPUT_BYTES:
        raise OutputStreamLimitError("a replacement grows too large", token=None)
    return replace_filter(left, seq, sub)


def _environment(*, is_strict: bool, is_html: bool) -> liquid.Environment:
    made = _Environment(
        undefined=FalsyStrictUndefined if is_strict else Undefined, strict_filters=True, autoescape=is_html
    )
    for tag in _FORBIDDEN_TAGS:
        made.tags.pop(tag, None)
    made.add_filter("replace", _bounded_replace)
    return made


_ENVIRONMENTS = {
    (is_strict, is_html): _environment(is_strict=is_strict, is_html=is_html)
    for is_strict in (False, True)
    for is_html in (False, True)
}


class Text:
    """One text of a template, parsed."""

    __slots__ = ("_fixed", "_parsed", "paths")

    def __init__(self, source: str, where: str, *, is_strict: bool = False, is_html: bool = False) -> None:
        """is_strict: a field without value is an error; else it is nothing. is_html: values are escaped.

        Raises TemplateInvalid at `where`, with line and column in the message.
        """
        if len(source) > MAX_SOURCE_CHARACTERS:
            raise TemplateInvalid(f"at most {MAX_SOURCE_CHARACTERS} characters", where)
        self._fixed: str | None = None
        self._parsed: BoundTemplate | None = None
        self.paths: frozenset[Path] = frozenset()
        """What it reads, such as ("profile", "person", "name"), as far as that is written out."""
        if "{{" not in source and "{%" not in source:
            self._fixed = source
            return
        try:
            parsed = _ENVIRONMENTS[is_strict, is_html].from_string(source)
            found = parsed.analyze()
        except LiquidError as error:
            raise TemplateInvalid(_told(error), where) from None
        except RecursionError:
            raise TemplateInvalid("nested too deeply", where) from None
        for name, spans in found.filters.items():
            if name not in parsed.env.filters:
                line, column = _line(source, spans[0].index)
                raise TemplateInvalid(f"no filter {name!r} ({line}:{column})", where)
        read = found.globals
        for name, variables in read.items():
            if name not in ROOTS:
                line, column = _line(source, variables[0].span.index)
                names = ", ".join(sorted(ROOTS))
                raise TemplateInvalid(f"a template can't read {name!r} ({line}:{column}): it has {names}", where)
        self._parsed = parsed
        self.paths = frozenset(_path(variable.segments) for variables in read.values() for variable in variables)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for one individual. Raises RenderFailed."""
        if self._parsed is None:
            return self._fixed or ""
        try:
            return str(self._parsed.render(values))
        except UndefinedError as error:
            raise RenderFailed("templateMissingField", _told(error)) from None
        except (OutputStreamLimitError, LocalNamespaceLimitError):
            raise RenderFailed("templateTooLarge", f"more than {MAX_OUTPUT_BYTES} bytes") from None
        except LoopIterationLimitError:
            raise RenderFailed("templateTooLong", f"more than {MAX_ITERATIONS} rounds of loops") from None
        except TooSlow:
            raise RenderFailed("templateTooLong", f"more than {MAX_RENDER_S:g} s") from None
        except (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError) as error:
            raise RenderFailed("templateError", _told(error)) from None

    def missing(self, values: Mapping[str, Any]) -> set[Path]:
        """The fields without value that this individual's text would show: those that `strict` stops at, and nulls."""
        if self._parsed is None:
            return set()
        context = _Watching(self._parsed, globals=self._parsed.make_globals(dict(values)))
        with contextlib.suppress(LiquidError, ArithmeticError, ValueError, TypeError, RecursionError):
            self._parsed.render_with_context(context, StringIO())  # `render` tells what is wrong with it
        return context.shown


def _path(segments: list[Any]) -> Path:
    """The part of a path that is written out: a number or a variable in brackets ends it."""
    found: list[str] = []
    for segment in segments:
        if not isinstance(segment, str):
            break
        found.append(segment)
    if len(found) == len(segments) and found[-1] in ("size", "first", "last"):
        found.pop()  # Liquid's own names on lists; of an object, what holds the field is kept whole
    return tuple(found)


def _line(source: str, index: int) -> tuple[int, int]:
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    at = next((line.rpartition(" ")[2] for line in lines[1:] if line.strip().startswith("->")), None)
    return lines[0][:300] + (f" ({at})" if at else "")
