"""YAML written in one way only: the same document gives the same bytes, whoever writes it and with whichever library.

What is written is read alike by YAML 1.1 and 1.2: a text that either takes for something else stands in quotes.
"""

import re
from collections.abc import Iterator
from typing import Any

from parcours.kit.yaml_text import Tokens

_PLAIN = re.compile(r"(?:[^\W\d]|\$)(?:[\w ./+@%$()<>=~^;-]|:(?=\S)|#(?<=\S#)|[,'\"&*!?|`](?<=\S.))*|/(?:[\w./*~-])*")
"""Texts that need no quotes by their characters: they begin with a letter, `_` or `$`, or are a path."""
_OTHER_VALUE = re.compile(
    r"(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity)", re.IGNORECASE
)  # what YAML 1.1, 1.2 or some reader of them takes for another value than a text
_UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_NO_BLOCK = re.compile(r"\A[ \t\n]|[ \t](?:\n|\Z)|\n\n\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_LONG_KEY = 100
"""Characters from which a key is written the explicit way: readers take no implicit key of more than 1024."""


def write_yaml(document: Any) -> str:
    """A document of JSON values as YAML, ending in a newline; objects and lists in block style, keys in their order."""
    return "".join(f"{line}\n" for line, _ in yaml_lines(document))


def yaml_lines(document: Any) -> Iterator[tuple[str, Tokens | None]]:
    """The lines, each with the path of the value that begins in it; None for a line that goes on with a value."""
    if isinstance(document, dict | list) and document:
        yield from _block(document, "", ())
    else:
        head, *rest = _scalar(document, "  ")
        yield head, ()
        for line in rest:
            yield line, None


def _block(value: Any, indent: str, path: Tokens) -> Iterator[tuple[str, Tokens | None]]:
    if isinstance(value, dict):
        for key, child in value.items():
            text = _inline(key)
            here = (*path, key)
            if len(text) > _LONG_KEY:
                yield f"{indent}? {text}", here
                yield from _child(child, f"{indent}:", indent, here, None)
            else:
                yield from _child(child, f"{indent}{text}:", indent, here, here)
    else:
        for index, child in enumerate(value):
            here = (*path, index)
            if isinstance(child, dict | list) and child:
                lines = _block(child, f"{indent}  ", here)
                first, its_path = next(lines)
                # a list's item and the first thing in it begin in one line, which goes by the item's path
                yield f"{indent}- {first[len(indent) + 2 :]}", here if its_path is not None else None
                yield from lines
            else:
                yield from _child(child, f"{indent}-", indent, here, here)


def _child(
    value: Any, head: str, indent: str, path: Tokens, shown: Tokens | None
) -> Iterator[tuple[str, Tokens | None]]:
    if isinstance(value, dict | list) and value:
        yield head, shown
        yield from _block(value, f"{indent}  ", path)
        return
    first, *rest = _scalar(value, f"{indent}  ")
    yield f"{head} {first}", shown
    for line in rest:
        yield line, None


def _scalar(value: Any, indent: str) -> list[str]:
    """The lines of a scalar, or of an empty object or list; those after the first are indented."""
    if isinstance(value, str):
        if "\n" in value and not _UNPRINTABLE.search(value) and not _NO_BLOCK.search(value):
            chomping = "" if value.endswith("\n") else "-"
            return [f"|{chomping}", *(indent + line if line else "" for line in value.removesuffix("\n").split("\n"))]
        return [_inline(value)]
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, float):
        mantissa, e, exponent = repr(value).partition("e")
        return [f"{mantissa}{'' if '.' in mantissa else '.0'}{e}{exponent}"]
    return ["{}" if isinstance(value, dict) else "[]"]


def _inline(text: str) -> str:
    """A text in one line: plain where that is clear, else in single quotes where it holds double ones, else double."""
    if _PLAIN.fullmatch(text) and not text.endswith((" ", ":")) and not _OTHER_VALUE.fullmatch(text):
        return text
    if _UNPRINTABLE.search(text) or "\n" in text or "\t" in text:
        return f'"{_escaped(text)}"'
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escaped(text: str) -> str:
    return re.sub(
        rf'["\\\n\t]|{_UNPRINTABLE.pattern}',
        lambda found: _ESCAPES.get(found[0]) or _code(ord(found[0])),
        text,
    )


def _code(point: int) -> str:
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
