"""Who uses a resource, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

MAX_NAMED = 5


def names_of(journeys: Sequence[Mapping[str, Any]]) -> str:
    """`journey 'A'`, or `journeys 'A', 'B' and 3 more`: {name, …} of each."""
    names = sorted(repr(str(one.get("name"))) for one in journeys)
    told = ", ".join(names[:MAX_NAMED])
    if len(names) > MAX_NAMED:
        told += f" and {len(names) - MAX_NAMED} more"
    return f"journey{'' if len(names) == 1 else 's'} {told}"
