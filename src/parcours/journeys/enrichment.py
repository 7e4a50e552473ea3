"""What the list of an audience says of a member, as a journey that reads the audience has it (journeys §8.5).

The attributes stand in the instance, as they were when the run let it enter: `Instance.run["attributes"]`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from parcours.expressions.references import AUDIENCE_ENRICHMENT, PLATFORM

ENRICHMENT = "audienceEnrichment"
"""Where templates find them, below `profile`."""
ATTRIBUTES = "attributes"
"""Member of `Instance.run`."""
Path = tuple[str, ...]
_NONE: Mapping[str, Any] = {}


def enrichment_in(paths: Iterable[Path]) -> list[Path]:
    """Those paths of a template that read attributes of the member, or may: `profile` as a whole."""
    return [path for path in paths if path[:2] == ("profile", ENRICHMENT) or path == ("profile",)]


def attributes_of(run: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What an instance carries of its member; {} for one that carries nothing."""
    return _NONE if run is None else run.get(ATTRIBUTES, _NONE)


class EnrichedSources(Mapping[str, Any]):
    """Data sources, with the member's attributes as a field group of the built-in one."""

    __slots__ = ("_attributes", "_base")

    def __init__(self, base: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self._base = base
        self._attributes = attributes

    def __getitem__(self, source: str) -> Any:
        if source != PLATFORM:
            return self._base[source]
        return _EnrichedGroups(self._base.get(PLATFORM) or _NONE, self._attributes)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._base, PLATFORM)))

    def __len__(self) -> int:
        return len(list(iter(self)))


class _EnrichedGroups(Mapping[Any, Any]):
    """The field groups of the built-in data source, with one more."""

    __slots__ = ("_attributes", "_base")

    def __init__(self, base: Mapping[Any, Any], attributes: Mapping[str, Any]) -> None:
        self._base = base
        self._attributes = attributes

    def __getitem__(self, group: Any) -> Any:
        return self._attributes if group == AUDIENCE_ENRICHMENT else self._base[group]

    def __iter__(self) -> Iterator[Any]:
        return iter(dict.fromkeys((*self._base, AUDIENCE_ENRICHMENT)))

    def __len__(self) -> int:
        return len(list(iter(self)))
