"""`parcours eval`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import typer

from parcours.expressions.errors import ContextInvalid, ExpressionFailed, ExpressionInvalid
from parcours.expressions.evaluator import Evaluator, describe_error
from parcours.expressions.json_context import JsonContext
from parcours.expressions.parsing import offset_of
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.errors import ParcoursError
from parcours.kit.terminal import visible

MAX_LINE = 32 * 1024 * 1024
"""Longest line of `--jsonl`, in bytes; a longer one is skipped and told."""
_BLOCK = 256 * 1024
_SHOWN = 60
"""Characters of the text shown on each side of a fault."""


class EvaluationFault(ParcoursError):
    """The expression has no value: what is wrong, and where."""


class ContextUnreadable(ParcoursError):
    """The file given as context can't be read as one."""


def run(text: str, context_file: Path | None) -> None:
    """Print the value of one expression and its type, its warnings on standard error. Raises EvaluationFault."""
    document = _read_context(context_file)
    try:
        context = JsonContext(document, SystemClock().now_us())
    except ContextInvalid as error:
        raise ContextUnreadable(f"{context_file}: {error.path}: {error}") from None
    evaluator = Evaluator()
    try:
        expression = evaluator.compile(text, context)
        for warning in expression.warnings:
            said = f"warning, line {warning.line}, column {warning.column}: {warning.message} ({warning.rule})"
            typer.echo(visible(said), err=True)
        result = evaluator.evaluate(text, context)
        typer.echo(f"value: {visible(orjson.dumps(result.value).decode())}\ntype:  {result.type}")
    except ExpressionInvalid as error:
        place = offset_of(text, error.line, error.column)
        raise EvaluationFault(f"{error.fault} error, {error}\n{point_at(text, place)}") from None
    except ExpressionFailed as error:
        raise EvaluationFault(f"runtime error: {error}") from None


def run_lines(context_file: Path | None) -> None:
    """Answer every line of standard input with a line on standard output."""
    answer_lines(sys.stdin.buffer, sys.stdout.buffer, SystemClock(), _read_context(context_file))


def answer_lines(source: BinaryIO, out: BinaryIO, clock: Clock, default_context: Any = None) -> None:
    """One JSON answer a line; what is there to be read is answered and written out before more is waited for.

    default_context: for lines without a `context`.
    """
    evaluator = Evaluator()
    for lines in _blocks(source):
        out.write(b"".join(answer(evaluator, line, clock, default_context) for line in lines))
        out.flush()


def answer(evaluator: Evaluator, line: bytes | None, clock: Clock, default_context: Any = None) -> bytes:
    """The answer to one line, with its line end. line: None for one that was too long."""
    text = ""
    try:
        if line is None:
            raise ContextInvalid(f"a line has at most {MAX_LINE} bytes")
        text, document = _read_line(line)
        result = evaluator.evaluate(
            text, JsonContext(default_context if document is None else document, clock.now_us())
        )
        return orjson.dumps(result._asdict(), option=orjson.OPT_APPEND_NEWLINE)
    except (ExpressionInvalid, ExpressionFailed, ContextInvalid) as error:
        return orjson.dumps({"error": describe_error(text, error)}, option=orjson.OPT_APPEND_NEWLINE)


def _read_line(line: bytes) -> tuple[str, Any]:
    try:
        request = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ContextInvalid(f"the line is no JSON: {error}") from None
    if not isinstance(request, dict) or not isinstance(request.get("expr"), str):
        raise ContextInvalid('a line is a JSON object with a text "expr"')
    return request["expr"], request.get("context")


def _blocks(source: BinaryIO) -> Iterator[list[bytes | None]]:
    """The lines as they come, without waiting for more than is there; None for a line that is too long."""
    read = getattr(source, "read1", source.read)
    kept: list[bytes] = []
    length = 0
    while block := read(_BLOCK):
        first, *others = block.split(b"\n")
        length += len(first)
        if length <= MAX_LINE:
            kept.append(first)
        else:
            kept.clear()
        if others:
            *whole, last = others
            yield [b"".join(kept) if length <= MAX_LINE else None, *whole]
            kept, length = [last], len(last)
    if length:
        yield [b"".join(kept) if length <= MAX_LINE else None]


def _read_context(file: Path | None) -> Any:
    if file is None:
        return None
    try:
        return orjson.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        raise ContextUnreadable(f"{file} can't be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ContextUnreadable(f"{file} is no JSON: {error}") from None


def point_at(text: str, offset: int) -> str:
    """The line of the text that has a fault, as much as fits, and a caret under it."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)]
    at = offset - start
    left = max(at - _SHOWN, 0)
    before = visible(("…" if left else "") + line[left:at].replace("\t", " "))
    after = visible(line[at : at + _SHOWN].replace("\t", " ")) + ("…" if len(line) > at + _SHOWN else "")
    return f"  {before}{after}\n  {' ' * len(before)}^"
