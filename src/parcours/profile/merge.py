"""Merging fragments into one profile: last write wins, attribute by attribute."""

from collections.abc import Iterable
from typing import Any


def merge_fragments(fragments: Iterable[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """(updated_at_us, attributes) pairs → one profile.

    Objects merge key by key; of two values at one path the later fragment's stays, and lists are replaced whole.
    The entries of `identityMap` are joined. Source: `timestampOrdered`, platform-apis §7.5.
    """
    ordered = sorted(fragments, key=lambda fragment: fragment[0])
    if len(ordered) == 1:
        return ordered[0][1]
    merged: dict[str, Any] = {}
    for _, body in ordered:
        _lay_over(merged, body)
        identity_map = body.get("identityMap")
        if isinstance(identity_map, dict):
            known = merged.setdefault("identityMap", {})
            for namespace, entries in identity_map.items():
                kept = known.get(namespace, [])
                seen = {entry.get("id") for entry in kept}
                known[namespace] = [*kept, *(entry for entry in entries if entry.get("id") not in seen)]
    return merged


def _lay_over(target: dict[str, Any], source: dict[str, Any], *, is_root: bool = True) -> None:
    for key, value in source.items():
        if is_root and key == "identityMap":
            continue
        old = target.get(key)
        if isinstance(value, dict):
            if not isinstance(old, dict):
                old = {}
                target[key] = old
            _lay_over(old, value, is_root=False)
        else:
            target[key] = value
