"""Comments of a file that is written anew: each stays with the value it stood at or above, if that is still there."""

from bisect import bisect_left
from typing import Any

import yaml

from parcours.kit.yaml_text import Located, Tokens
from parcours.kit.yaml_writer import write_yaml, yaml_lines

_END: Tokens = ("\0end",)
"""Where comments after the last value stand."""


def rewrite(old_text: str, old: Located, document: Any) -> str:
    """The document as YAML, with the comments of an older text of it. old: what that text holds."""
    above, beside = _comments(old_text, old)
    if not above and not beside:
        return write_yaml(document)
    lines: list[str] = []
    for line, path in yaml_lines(document):
        if path is not None:
            indent = line[: len(line) - len(line.lstrip(" "))]
            lines += [f"{indent}{comment}" for comment in above.pop(path, ())]
            if path in beside and not line.endswith(("|", "|-")):
                line = f"{line}  {beside[path]}"
        lines.append(line)
    lines += above.get(_END, ())
    return "".join(f"{line}\n" for line in lines)


def _comments(text: str, located: Located) -> tuple[dict[Tokens, list[str]], dict[Tokens, str]]:
    """(comment lines by the value they stand above, comments by the value in whose line they stand)."""
    starts: dict[int, Tokens] = {}
    for path, place in located.places.items():
        known = starts.get(place.line)
        if path and (known is None or len(path) < len(known)):
            starts[place.line] = path
    ordered = sorted(starts)
    above: dict[Tokens, list[str]] = {}
    beside: dict[Tokens, str] = {}
    for number, (before, comment) in _found(text).items():
        if before.strip():
            if number in starts:
                beside[starts[number]] = comment
            continue
        following = bisect_left(ordered, number)
        path = starts[ordered[following]] if following < len(ordered) else _END
        above.setdefault(path, []).append(comment)
    return above, beside


def _found(text: str) -> dict[int, tuple[str, str]]:
    """Line number → (what stands before, the comment from its `#` on); of a `#` in a value nothing."""
    lines = text.splitlines()
    inside: dict[int, list[tuple[int, int]]] = {}
    for token in yaml.scan(text, yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken):
            first, last = token.start_mark, token.end_mark
            for number in range(first.line, last.line + 1):
                begin = first.column if number == first.line else 0
                end = last.column if number == last.line else 1 << 30
                inside.setdefault(number, []).append((begin, end))
    found: dict[int, tuple[str, str]] = {}
    for number, line in enumerate(lines):
        for column, char in enumerate(line):
            if char != "#" or (column and line[column - 1] not in " \t"):
                continue
            if any(begin <= column < end for begin, end in inside.get(number, ())):
                continue
            found[number + 1] = (line[:column], line[column:].rstrip())
            break
    return found
