"""Usage labels on fields, and which of them hold for what is read. Pure."""

from collections.abc import Mapping

FieldLabels = Mapping[tuple[str, ...], frozenset[str]]
"""Path of a field from the root → names of its labels. Lists are passed through silently, "*" is any key of a map."""


def labels_read(labels: FieldLabels, path: tuple[str, ...]) -> frozenset[str]:
    """The labels of what a path reads: its own, those of objects around it, and those of everything below it."""
    return frozenset(label for place, own in labels.items() if _meet(place, path) for label in own)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one path is the beginning of the other."""
    return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=False))
