"""Every journey as other journeys jump to it: how its latest version begins, and where it jumps itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parcours.resources.store import Resource


@dataclass(frozen=True, slots=True)
class Target:
    """The latest version of a journey, whatever its status (journeys §8.9)."""

    name: str
    entry_event_uid: str | None
    """None when it begins with something else than a unitary event."""
    jumps_to: frozenset[str]


class TargetTable:
    """Journeys of every sandbox by uid."""

    def __init__(self, versions: Iterable[Resource]) -> None:
        self._targets: dict[tuple[int, str], Target] = {}
        latest: dict[tuple[int, str], tuple[int, Resource]] = {}
        for version in versions:
            place = (version.scope_id, version.body["journeyUid"])
            number = int(version.body["version"].partition(".")[0])
            if number >= latest.get(place, (0, None))[0]:
                latest[place] = (number, version)
        for place, (_, version) in latest.items():
            self._targets[place] = _target(version.body["document"])

    def get(self, scope_id: int, journey_uid: str) -> Target | None:
        """A journey by uid."""
        return self._targets.get((scope_id, journey_uid))


def _target(document: Mapping[str, Any]) -> Target:
    """However unfinished the document is."""
    nodes = document.get("nodes")
    nodes = nodes if isinstance(nodes, Mapping) else {}
    entry = document.get("entry")
    node_id = entry.get("node") if isinstance(entry, Mapping) else None
    first = nodes.get(node_id) if isinstance(node_id, str) else None
    event_uid = first.get("eventUid") if isinstance(first, Mapping) and first.get("type") == "event" else None
    jumps = (
        node.get("targetJourneyUid")
        for node in nodes.values()
        if isinstance(node, Mapping) and node.get("type") == "jump"
    )
    return Target(
        str(document.get("name", "")),
        event_uid if isinstance(event_uid, str) else None,
        frozenset(uid for uid in jumps if isinstance(uid, str)),
    )
