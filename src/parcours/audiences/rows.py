"""Lists of members as text: CSV with a header row, JSON lines, a JSON list. Read as a stream, in bounded memory.

Pure: pieces of bytes in, rows out. A row that names nobody is a `Fault` and the next one is read; only what makes the
rest unreadable ends the reading.
"""

import codecs
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from parcours.audiences.upload_store import Fault, Options
from parcours.kit.depth import text_nests_too_deep
from parcours.kit.errors import Invalid
from parcours.xdm.identities import Identity, read_identity

FORMATS = ("csv", "jsonl", "json")
MAX_ROW_BYTES = 65_536
"""Longest row of a list."""
MAX_ATTRIBUTES_BYTES = 8_192
"""Longest text of a member's attributes, as JSON."""
MAX_COLUMNS = 200
_DEFAULT_COLUMNS = ("id", "identity")
_BEHIND_A_NUMBER = (",", "]", " ", "\t", "\r", "\n")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class ListUnreadable(Invalid):
    """The list breaks: from here on nobody can tell its rows."""


class Row(NamedTuple):
    """A row that names somebody."""

    identity: Identity
    attributes: str | None
    """The rest of the row as the text of a JSON object; None when there is nothing else."""


def read_rows(pieces: Iterable[bytes], list_format: str, namespace: str, options: Options) -> Iterator[Row | Fault]:
    """The rows of a list in UTF-8, cut into pieces anywhere. Raises ListUnreadable."""
    if list_format == "csv":
        return _read_csv(pieces, namespace, options)
    members = _json_lines(pieces) if list_format == "jsonl" else _json_elements(pieces)
    return _read_members(members, namespace, options.identity_column)


def identity_column_of(names: Sequence[str], namespace: str, wanted: str | None) -> int | None:
    """Which column holds the identity: the one asked for, else one called like the namespace, `id` or `identity`
    (whatever its case), else the only one there is; None when none of these is there."""
    if wanted is not None:
        return names.index(wanted) if wanted in names else None
    lower = [name.strip().lower() for name in names]
    for candidate in (namespace.lower(), *_DEFAULT_COLUMNS):
        if candidate in lower:
            return lower.index(candidate)
    return 0 if len(names) == 1 else None


# --- CSV ---


def _read_csv(pieces: Iterable[bytes], namespace: str, options: Options) -> Iterator[Row | Fault]:
    reader = csv.reader(_text_lines(pieces), delimiter=options.delimiter, strict=True)
    names = next(_guarded(reader), None)
    if names is None:
        raise ListUnreadable("the list is empty: its first row names the columns")
    names = [name.strip() for name in names]
    if len(names) > MAX_COLUMNS:
        raise ListUnreadable(f"line 1: a list has at most {MAX_COLUMNS} columns")
    at = identity_column_of(names, namespace, options.identity_column)
    if at is None:
        raise ListUnreadable(f"line 1: {_no_column(names, namespace, options.identity_column)}")
    if len(set(names)) != len(names):
        raise ListUnreadable("line 1: two columns have the same name")
    others = [(place, name) for place, name in enumerate(names) if place != at]
    width = len(names)
    for cells in _guarded(reader):
        if not cells:
            continue  # a blank line
        if len(cells) != width:
            yield Fault(reader.line_num, f"the row has another number of cells than the first one, which has {width}")
            continue
        identity = read_identity(namespace, cells[at].strip())
        if isinstance(identity, str):
            yield Fault(reader.line_num, identity)
            continue
        row = _row(identity, {name: cells[place] for place, name in others if cells[place]})
        yield row if isinstance(row, Row) else Fault(reader.line_num, row)


def _guarded(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        # A quote that is never closed takes in all that follows: whatever came of it would be wrong.
        raise ListUnreadable(f"line {reader.line_num}: the list breaks: {error}") from None


def _no_column(names: Sequence[str], namespace: str, wanted: str | None) -> str:
    shown = ", ".join(names[:20])
    if wanted is not None:
        return f"there is no column {wanted!r} among {shown}"
    return f"which column holds the identity? None is called {namespace} or id: {shown}"


# --- JSON ---


def _read_members(
    members: Iterator[tuple[int, Any]], namespace: str, identity_column: str | None
) -> Iterator[Row | Fault]:
    """members: (number of line or element, value, or a Fault's reason)."""
    for line, member in members:
        if isinstance(member, _Unreadable):
            yield Fault(line, member)
            continue
        if isinstance(member, str):
            name, member = "", {"": member}
        elif isinstance(member, dict):
            names = list(member)
            at = identity_column_of(names, namespace, identity_column)
            if at is None:
                yield Fault(line, f"it has no member {identity_column or namespace!r}")
                continue
            name = names[at]
        else:
            yield Fault(line, "a member is an object, or the text of an identity")
            continue
        value = member.pop(name)
        identity = read_identity(namespace, value.strip() if isinstance(value, str) else value)
        row = identity if isinstance(identity, str) else _row(identity, member)
        yield row if isinstance(row, Row) else Fault(line, row)


class _Unreadable(str):
    """Why a line is no JSON."""

    __slots__ = ()


def _json_lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(_byte_lines(pieces), 1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield number, _Unreadable(f"it is not JSON: {str(error).partition(':')[0]}")
            continue
        if text_nests_too_deep(line, value):
            yield number, _Unreadable("it nests too deep")
            continue
        yield number, value


def _json_elements(pieces: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """The elements of one JSON list, each with its number, decoded one by one."""
    decoder = json.JSONDecoder()
    source = _decoded(pieces)
    text, at, number, is_open, wants_comma = "", 0, 0, False, False

    def more() -> bool:
        nonlocal text, at
        piece = next(source, None)
        if piece is None:
            return False
        text, at = text[at:] + piece, 0
        return True

    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at == len(text):
            if more():
                continue
            raise ListUnreadable(f"element {number}: the list ends before its closing bracket")
        mark = text[at]
        if not is_open:
            if mark != "[":
                raise ListUnreadable("a JSON list begins with a bracket; JSON lines are another format: jsonl")
            is_open, at = True, at + 1
        elif mark == "]" and (wants_comma or number == 0):
            at += 1
            break
        elif wants_comma:
            if mark != ",":
                raise ListUnreadable(f"element {number}: a comma is missing after it")
            wants_comma, at = False, at + 1
        else:
            number += 1
            while True:
                try:
                    value, end = decoder.raw_decode(text, at)
                except (json.JSONDecodeError, RecursionError) as error:
                    if len(text) - at <= MAX_ROW_BYTES and not isinstance(error, RecursionError) and more():
                        continue
                    raise ListUnreadable(f"element {number} is not JSON, or longer than {MAX_ROW_BYTES}") from None
                is_whole = not isinstance(value, int | float) or text[end : end + 1] in _BEHIND_A_NUMBER
                if is_whole or not more():
                    break  # a number at the end of a piece may go on in the next one
            yield number, _Unreadable("it nests too deep") if _is_deep(text[at:end], value) else value
            at, wants_comma = end, True
    while text[at:].strip() == "" and more():
        pass
    if text[at:].strip():
        raise ListUnreadable(f"something stands behind the list's {number} elements")


def _is_deep(text: str, value: Any) -> bool:
    brackets = text.count("{") + text.count("[")
    return brackets > 100 and text_nests_too_deep(text.encode("utf-8", "surrogatepass"), value)


# --- both ---


def _row(identity: Identity, attributes: dict[str, Any]) -> Row | str:
    """The row, or why it can't be kept."""
    if not identity[1].isascii() and not _is_text(identity[1]):
        return "the identity is not UTF-8"
    if not attributes:
        return Row(identity, None)
    try:
        text = orjson.dumps(attributes)
    except TypeError:
        return "its attributes are not UTF-8, or hold a number beyond 64 bits"
    if len(text) > MAX_ATTRIBUTES_BYTES:
        return f"its attributes are longer than {MAX_ATTRIBUTES_BYTES} bytes"
    return Row(identity, text.decode())


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _byte_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends; the last may lack one. A byte order mark is left out."""
    rest = b""
    is_first, number = True, 0
    for piece in pieces:
        if is_first and piece:
            if piece[:2] in _UTF_16:
                raise ListUnreadable("the list is written in UTF-16; UTF-8 is read")
            piece, is_first = piece.removeprefix(b"\xef\xbb\xbf"), False
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        number += len(lines)
        for line in lines:
            yield line + b"\n"
        if len(rest) > MAX_ROW_BYTES:
            raise ListUnreadable(f"line {number + 1} is longer than {MAX_ROW_BYTES} bytes")
    if rest:
        yield rest


def _text_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    for line in _byte_lines(pieces):
        yield line.decode("utf-8", "surrogateescape")


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text
