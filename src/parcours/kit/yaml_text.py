"""YAML as people write it, with the place of everything, so that a fault is told by file, line and column.

Plain values are read as YAML 1.2 has them, which is as JSON has them: `yes`, `on` and dates stay texts.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from parcours.kit.errors import Invalid

Tokens = tuple[str | int, ...]
"""Keys and indexes from the root of a document to a value."""

MAX_NODES = 500_000
"""Most values of one file, those that aliases repeat counted each time."""
MAX_DEPTH = 100
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_PATH = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")
_PLAIN = "plain"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Tells a value without quotes and tag from all others, and leaves it unread."""

    yaml_implicit_resolvers: ClassVar[Any] = {None: [(_PLAIN, re.compile(""))]}


class YamlInvalid(Invalid):
    """A file that is no YAML, or holds what can't be meant; the message begins with file, line and column."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands."""

    file: str
    line: int
    column: int
    """Both from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Located:
    """A document of plain JSON values, and where each of them stands."""

    file: str
    document: Any
    places: Mapping[Tokens, Place] = field(default_factory=dict)

    def place(self, tokens: Sequence[str | int]) -> Place:
        """Where a value stands; of one that is missing, the nearest thing around it."""
        path = tuple(tokens)
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file, 1, 1))

    def below(self, *tokens: str | int) -> "Located":
        """A part as a document of its own."""
        value = self.document
        for token in tokens:
            value = value[token]
        size = len(tokens)
        places = {path[size:]: place for path, place in self.places.items() if path[:size] == tokens}
        return Located(self.file, value, places)


def read_yaml(text: str, file: str) -> Located:
    """The one document of a text. file: what it is called in faults. Raises YamlInvalid."""
    found = list(read_all(text, file))
    if len(found) > 1:
        raise YamlInvalid(f"{found[1].place(())}: one document is expected here, not {len(found)}")
    return found[0] if found else Located(file, None, {})


def read_all(text: str, file: str) -> list[Located]:
    """Every document of a text. Raises YamlInvalid."""
    try:
        roots = list(yaml.compose_all(text, _Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Place(file, 1, 1) if mark is None else Place(file, mark.line + 1, mark.column + 1)
        raise YamlInvalid(f"{at}: {error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError) as error:  # a character that no YAML has
        raise YamlInvalid(f"{file}: {str(error).splitlines()[0]}") from None
    return [_Reader(file).read(root) for root in roots if root is not None]


class _Reader:
    """Makes plain values of the nodes of one document."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._places: dict[Tokens, Place] = {}

    def read(self, root: Any) -> Located:
        return Located(self._file, self._value(root, ()), self._places)

    def _at(self, node: Any) -> Place:
        return Place(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _value(self, node: Any, path: Tokens) -> Any:
        if len(self._places) > MAX_NODES:
            raise YamlInvalid(f"{self._file}: it holds more than {MAX_NODES} values")
        if len(path) > MAX_DEPTH:
            raise YamlInvalid(f"{self._at(node)}: it nests more than {MAX_DEPTH} levels")
        self._places[path] = self._at(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Tokens) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlInvalid(f"{self._at(key_node)}: a key is a text")
            key = key_node.value
            if key in found:
                raise YamlInvalid(f"{self._at(key_node)}: {key!r} is there twice")
            found[key] = self._value(value_node, (*path, key))
            self._places[(*path, key)] = self._at(key_node)
        return found

    def _scalar(self, node: Any) -> Any:
        text, tag = node.value, node.tag
        if tag == "tag:yaml.org,2002:str":
            return text
        if tag != _PLAIN:
            raise YamlInvalid(f"{self._at(node)}: tags such as {tag} have no meaning here")
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _HEX.fullmatch(text):
            return int(text, 16)
        if _DECIMAL.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise YamlInvalid(f"{self._at(node)}: {text} is no number that JSON has")
            return number
        return text


def split_json_path(path: str) -> Tokens:
    """The tokens of `$.nodes.wait1.paths[0]`, as `journeys.document.json_path` writes them."""
    return tuple(
        name if name else int(index) if index else quoted.replace("\\'", "'").replace("\\\\", "\\")
        for name, index, quoted in _PATH.findall(path)
    )
