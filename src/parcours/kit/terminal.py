"""What the commands print on. Whatever people or records say is shown as it is: no markup, and no control character
that could move the cursor, change colours or ring."""

import re
from typing import IO, Any

import orjson
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

WIDTH = 200
"""Columns when the output is no terminal: a file or a pipe."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def open_console(out: IO[str] | None = None) -> Console:
    """A console on `out`, or on standard output."""
    console = Console(file=out, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def plain(value: object, style: str = "") -> Text:
    """A text as it is; characters that control a terminal or turn the order of letters are shown by their codes."""
    return Text(visible(str(value)), style)


def visible(text: str) -> str:
    """The text with control characters as escapes, such as \\x1b and \\n."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def print_json(console: Console, document: Any) -> None:
    """A document as indented JSON that is still that JSON: control characters are escaped as JSON has it."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    escaped = "\n".join(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in text.split("\n"))
    console.print(JSONHighlighter()(Text(escaped)), soft_wrap=True)
