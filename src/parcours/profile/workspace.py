"""Profiles during one transaction: what the database holds, with the records of the batch laid over it, in order.

So a condition of a journey sees the profile with the very event applied that started it, and not yet the records
that came after it in the same batch.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from parcours.dataflow.model import Valid
from parcours.identity.graph import MAX_MEMBERS, Link, find_neighbours, insert_links
from parcours.profile import store
from parcours.profile.merge import merge_fragments
from parcours.profile.store import EventRow, Fragment, FragmentRow
from parcours.xdm.identities import Identity

_KNOWN_LINKS_MAX = 200_000


class KnownLinks:
    """Links already stored, so that a person's hundredth event doesn't write their identities again."""

    def __init__(self) -> None:
        self._links: set[Link] = set()

    def new(self, links: Iterable[Link]) -> list[Link]:
        """Those not seen before."""
        return [link for link in links if link not in self._links]

    def add(self, links: Iterable[Link]) -> None:
        """Remember links once they are committed."""
        if len(self._links) > _KNOWN_LINKS_MAX:
            self._links.clear()
        self._links.update(links)


class ProfileWorkspace:
    """Applies records one by one and answers what a profile is at that point; `flush` writes all of it."""

    def __init__(self, connection: Connection, known_links: KnownLinks) -> None:
        self._connection = connection
        self._known_links = known_links
        self._fragments: dict[tuple[int, Identity], dict[str, Fragment]] = {}
        self._neighbours: dict[tuple[int, Identity], list[Identity]] = {}
        self._new_fragments: dict[tuple[int, Identity, str], FragmentRow] = {}
        self._latest: dict[tuple[int, Identity], dict[str, Fragment]] = {}
        self._new_events: dict[tuple[int, Identity, str], EventRow] = {}
        self._new_entities: dict[tuple[int, Identity], list[tuple[int, str, dict[str, Any]]]] = {}
        self._new_links: dict[Link, None] = {}
        self._new_neighbours: dict[tuple[int, Identity], list[Identity]] = {}

    def preload(self, scope_id: int, identities: Iterable[Identity]) -> None:
        """Read the profiles of many identities in few statements; `profile` then needs no database."""
        frontier = [i for i in dict.fromkeys(identities) if (scope_id, i) not in self._fragments]
        while frontier:
            neighbours = find_neighbours(self._connection, scope_id, frontier)
            fragments = store.find_fragments(self._connection, scope_id, frontier)
            for identity in frontier:
                self._neighbours[scope_id, identity] = neighbours.get(identity, [])
                self._fragments[scope_id, identity] = {f.dataset_id: f for f in fragments.get(identity, ())}
            frontier = [
                other
                for other in dict.fromkeys(other for near in neighbours.values() for other in near)
                if (scope_id, other) not in self._fragments
            ]

    def apply(self, valid: Valid) -> None:
        """Lay one valid record of a profile-enabled data set over the person it is about."""
        primary = valid.primary
        if primary is None or not (valid.dataset.is_profile_enabled and valid.schema.is_union):
            return
        scope_id = valid.scope_id
        key = (scope_id, primary)
        if valid.schema.behaviour == "time-series":
            event_id = valid.entity["_id"]
            at_ms = _epoch_ms(valid.entity["timestamp"])
            row = EventRow(
                scope_id, primary, event_id, at_ms, valid.dataset.id, valid.origin.received_at_ms, valid.line
            )
            if self._new_events.setdefault((scope_id, primary, event_id), row) is row:
                self._new_entities.setdefault(key, []).append((at_ms, event_id, valid.entity))
        else:
            now_us = time.time_ns() // 1000
            self._new_fragments[scope_id, primary, valid.dataset.id] = FragmentRow(
                scope_id, primary, valid.dataset.id, now_us, valid.line
            )
            latest = self._latest.setdefault(key, {})
            latest[valid.dataset.id] = Fragment(valid.dataset.id, now_us, valid.entity)
        if len(valid.identities) > 1:
            links: list[Link] = [(scope_id, primary, other) for other in valid.identities if other != primary]
            for link in self._known_links.new(links):
                if link not in self._new_links:
                    self._new_links[link] = None
                    self._new_neighbours.setdefault(key, []).append(link[2])
                    self._new_neighbours.setdefault((scope_id, link[2]), []).append(primary)

    def cluster(self, scope_id: int, identity: Identity) -> list[Identity]:
        """Every identity linked to this one as of the records applied so far; itself first."""
        members: dict[Identity, None] = {identity: None}
        frontier = [identity]
        while frontier and len(members) < MAX_MEMBERS:
            self.preload(scope_id, frontier)
            found: list[Identity] = []
            for member in frontier:
                near = self._neighbours[scope_id, member]
                more = self._new_neighbours.get((scope_id, member))
                for other in near if more is None else [*near, *more]:
                    if other not in members and len(members) < MAX_MEMBERS:
                        members[other] = None
                        found.append(other)
            frontier = found
        return list(members)

    def profile(self, scope_id: int, identity: Identity) -> dict[str, Any]:
        """The merged attributes of a person as of the records applied so far; {} for one nobody knows."""
        fragments: list[tuple[int, dict[str, Any]]] = []
        for member in self.cluster(scope_id, identity):
            fragments.extend((f.updated_at_us, f.body) for f in self._read(scope_id, member).values())
        return merge_fragments(fragments) if fragments else {}

    def events(self, scope_id: int, identity: Identity) -> list[dict[str, Any]]:
        """The person's experience events, newest first, a thousand at most, of the last year."""
        members = self.cluster(scope_id, identity)
        since_ms = time.time_ns() // 1_000_000 - 366 * 86_400_000
        stored = store.find_events(self._connection, scope_id, members, from_ms=since_ms)
        found = {(i, event_id): (at_ms, event_id, entity) for i, event_id, at_ms, _, entity in stored}
        for member in members:
            for at_ms, event_id, entity in self._new_entities.get((scope_id, member), ()):
                found.setdefault((member, event_id), (at_ms, event_id, entity))
        newest = sorted(found.values(), key=lambda item: item[:2], reverse=True)
        return [entity for _, _, entity in newest[: store.MAX_EVENTS]]

    def _read(self, scope_id: int, identity: Identity) -> dict[str, Fragment]:
        self.preload(scope_id, (identity,))
        stored = self._fragments[scope_id, identity]
        latest = self._latest.get((scope_id, identity))
        return {**stored, **latest} if latest else stored

    def flush(self) -> list[Link]:
        """Write everything applied; the links written, to be remembered after the commit."""
        store.put_fragments(self._connection, list(self._new_fragments.values()))
        store.put_events(self._connection, list(self._new_events.values()))
        links = list(self._new_links)
        insert_links(self._connection, links, time.time_ns() // 1_000_000)
        return links


class ProfileData(Mapping[str, Any]):
    """The built-in data source `ExperiencePlatform` of one person, read only when an expression asks."""

    def __init__(self, workspace: ProfileWorkspace, scope_id: int, identity: Identity | None) -> None:
        self._workspace = workspace
        self._scope_id = scope_id
        self._identity = identity
        self._groups: dict[str, Any] = {}

    def __getitem__(self, source: str) -> Mapping[str, Any]:
        if source != "ExperiencePlatform":
            raise KeyError(source)
        return _Groups(self)

    def __iter__(self) -> Iterator[str]:
        return iter(("ExperiencePlatform",))

    def __len__(self) -> int:
        return 1

    def group(self, name: str) -> Any:
        """One field group: the profile, or the person's events. Raises KeyError for another name."""
        if name not in self._groups:
            if name not in FIELD_GROUPS:
                raise KeyError(name)
            if self._identity is None:
                self._groups[name] = {}
            elif name == "ProfileFieldGroup":
                self._groups[name] = self._workspace.profile(self._scope_id, self._identity)
            else:
                self._groups[name] = {"experienceevent": self._workspace.events(self._scope_id, self._identity)}
        return self._groups[name]


FIELD_GROUPS = ("ProfileFieldGroup", "ExperienceEventFieldGroup")


class _Groups(Mapping[str, Any]):
    def __init__(self, data: ProfileData) -> None:
        self._data = data

    def __getitem__(self, name: str) -> Any:
        return self._data.group(name)

    def __iter__(self) -> Iterator[str]:
        return iter(FIELD_GROUPS)

    def __len__(self) -> int:
        return len(FIELD_GROUPS)


def _epoch_ms(timestamp: str) -> int:
    """A validated XDM date-time as epoch milliseconds."""
    try:
        return int(datetime.fromisoformat(timestamp).timestamp() * 1000)
    except ValueError:  # more than six fractional digits, which XDM allows
        head, _, tail = timestamp.partition(".")
        zone = tail.lstrip("0123456789")
        return int(datetime.fromisoformat(f"{head}.{tail[:6]}{zone}").timestamp() * 1000)
