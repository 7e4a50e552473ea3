"""What differs between two documents, in words and by path. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import orjson

from parcours.ascode.model import Difference, Document

MAX_LINES = 20
"""Lines of one text of which a plan tells."""
_AROUND = 20
MAX_SHOWN = 200
"""Characters of a value that are shown."""
_LISTED_BY: tuple[tuple[str, ...], ...] = (
    ("id",), ("paramPath",), ("destination",), ("path",), ("@type", "xdm:sourceProperty"), ("$ref",), ("name",),
)  # fmt: skip
"""Members that tell the objects of a list apart, the first that does."""


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: 1 is neither 1.0 nor true; the order of members doesn't count."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def differences(kind: str, old: Document, new: Document) -> tuple[Difference, ...]:
    """Everything that differs, in the order of the new document."""
    return tuple(_journeys(old, new) if kind in ("journeys", "fragments") else _objects(old, new, ""))


# --- any document -------------------------------------------------------------------------------------------------


def _objects(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[Difference]:
    for name, value in new.items():
        path = _below(at, name)
        if name not in old:
            yield Difference(path, f"added: {shown(value)}")
        else:
            yield from _values(old[name], value, path)
    for name, value in old.items():
        if name not in new:
            yield Difference(_below(at, name), f"removed; it was {shown(value)}")


def _values(old: Any, new: Any, at: str) -> Iterator[Difference]:
    if is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(old, new, at)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, at)
    elif isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > MAX_SHOWN:
        yield from _texts(old, new, at)
    else:
        yield Difference(at, f"{shown(old)} → {shown(new)}")


def _texts(old: str, new: str, at: str) -> Iterator[Difference]:
    """The lines of long texts that differ, by their number in the new one."""
    before, after = old.split("\n"), new.split("\n")
    found: list[Difference] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            continue
        for place in range(max(b - a, d - c)):
            path = f"{at}, line {c + min(place, max(d - c - 1, 0)) + 1}"
            if place >= d - c:
                found.append(Difference(path, f"removed; it was {shown(before[a + place])}"))
            elif place >= b - a:
                found.append(Difference(path, f"added: {shown(after[c + place])}"))
            else:
                found.append(Difference(path, _cut(before[a + place], after[c + place])))
    yield from found[:MAX_LINES]
    if len(found) > MAX_LINES:
        yield Difference(at, f"{len(found) - MAX_LINES} more lines differ")


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def _cut(old: str, new: str) -> str:
    """Two lines; of long ones what differs, with a little of what stands around it."""
    if max(len(old), len(new)) <= MAX_SHOWN:
        return f"{shown(old)} → {shown(new)}"
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    first, left = max(start - _AROUND, 0), max(end - _AROUND, 0)
    return " → ".join(
        f"{'…' if first else ''}{shown(text[first : len(text) - left])}{'…' if left else ''}" for text in (old, new)
    )


def _lists(old: Sequence[Any], new: Sequence[Any], at: str) -> Iterator[Difference]:
    keys = _keys(old, new)
    if keys is None:
        yield from _by_place(old, new, at)
        return
    before, after = dict(zip(keys[0], old, strict=True)), dict(zip(keys[1], new, strict=True))
    for key, value in after.items():
        if key not in before:
            yield Difference(f"{at}[{key}]", "added" if _is_named_alone(value) else f"added: {shown(value)}")
        else:
            yield from _values(before[key], value, f"{at}[{key}]")
    for key, value in before.items():
        if key not in after:
            yield Difference(f"{at}[{key}]", "removed" if _is_named_alone(value) else f"removed; it was {shown(value)}")
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield Difference(at, f"in another order: {', '.join(after)}")


def _is_named_alone(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _by_place(old: Sequence[Any], new: Sequence[Any], at: str) -> Iterator[Difference]:
    for place in range(max(len(old), len(new))):
        path = f"{at}[{place}]"
        if place >= len(old):
            yield Difference(path, f"added: {shown(new[place])}")
        elif place >= len(new):
            yield Difference(path, f"removed; it was {shown(old[place])}")
        else:
            yield from _values(old[place], new[place], path)


def _keys(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[str], list[str]] | None:
    """What tells the items of both lists apart; None when nothing does."""
    everything = [*old, *new]
    if all(isinstance(one, str) for one in everything):
        return _if_unlike([str(one) for one in old], [str(one) for one in new])
    if not all(isinstance(one, dict) for one in everything):
        return None
    for members in _LISTED_BY:
        if all(isinstance(one.get(name), str) for one in everything for name in members):
            found = _if_unlike(
                [" ".join(one[name] for name in members) for one in old],
                [" ".join(one[name] for name in members) for one in new],
            )
            if found is not None:
                return found
    return None


def _if_unlike(old: list[str], new: list[str]) -> tuple[list[str], list[str]] | None:
    return (old, new) if len(set(old)) == len(old) and len(set(new)) == len(new) else None


def shown(value: Any) -> str:
    """A value in one line, long ones cut."""
    if isinstance(value, str):
        text = orjson.dumps(value).decode()
    elif isinstance(value, dict) and value:
        inner = ", ".join(f"{name}: {shown(child)}" for name, child in value.items())
        text = f"{{{inner}}}"
    elif isinstance(value, list) and value:
        text = f"[{', '.join(shown(child) for child in value)}]"
    else:
        text = orjson.dumps(value).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _below(at: str, name: str) -> str:
    step = name if name and not any(char in name for char in ".[]") else f"['{name}']"
    return f"{at}.{step}" if at and not step.startswith("[") else f"{at}{step}"


# --- journeys -----------------------------------------------------------------------------------------------------


def _journeys(old: Document, new: Document) -> Iterator[Difference]:
    special = ("nodes", "edges", "layout")
    yield from _objects(_without(old, special), _without(new, special), "")
    yield from _nodes(_object(old.get("nodes")), _object(new.get("nodes")))
    yield from _edges(old.get("edges"), new.get("edges"))
    if not is_same(old.get("layout"), new.get("layout")):
        yield Difference("layout", "positions on the canvas changed", is_layout=True)


def _object(value: Any) -> Document:
    """The value if it is an object: an unfinished draft may hold anything."""
    return value if isinstance(value, dict) else {}


def _without(document: Mapping[str, Any], names: Sequence[str]) -> Document:
    return {name: value for name, value in document.items() if name not in names}


def _nodes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name, node in new.items():
        path = _below("nodes", name)
        if name not in old:
            yield Difference(path, f"{_what(node)} added")
        else:
            yield from _values(old[name], node, path)
    for name, node in old.items():
        if name not in new:
            yield Difference(_below("nodes", name), f"{_what(node)} removed")


def _what(node: Any) -> str:
    """`wait "Until tomorrow"` of a node."""
    if not isinstance(node, dict):
        return "node"
    label = node.get("label")
    return f"{node.get('type', 'node')}{f' {shown(label)}' if label else ''}"


def _edges(old: Any, new: Any) -> Iterator[Difference]:
    before, after = _by_way_out(old), _by_way_out(new)
    if before is None or after is None:
        yield from _values(old, new, "edges")
        return
    for way, edge in after.items():
        known = before.get(way)
        if known is None:
            yield Difference(f"edges[{way}]", f"arrow to {edge.get('to')} added")
            continue
        if known.get("to") != edge.get("to"):
            yield Difference(f"edges[{way}]", f"re-routed: {known.get('to')} → {edge.get('to')}")
        yield from _objects(_without(known, _WAY), _without(edge, _WAY), f"edges[{way}]")
    for way, edge in before.items():
        if way not in after:
            yield Difference(f"edges[{way}]", f"arrow to {edge.get('to')} removed")


_WAY = ("from", "to", "kind", "path")


def _by_way_out(edges: Any) -> dict[str, Mapping[str, Any]] | None:
    """Edges by node and way out, such as `gold path vip`; None when they aren't that."""
    if edges is None:
        return {}
    if not isinstance(edges, list) or not all(isinstance(edge, dict) for edge in edges):
        return None
    found: dict[str, Mapping[str, Any]] = {}
    for edge in edges:
        kind, path = edge.get("kind", "default"), edge.get("path")
        way = f"{edge.get('from')}{'' if kind == 'default' else f' {kind}'}{'' if path is None else f' {path}'}"
        if way in found:
            return None
        found[way] = edge
    return found
