"""Profiles during one transaction: what the database holds, with the records of the batch laid over it, in order.

So a condition of a journey sees the profile with the very event applied that started it, and not yet the records
that came after it in the same batch.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from parcours.dataflow.model import Change, Valid
from parcours.identity.graph import MAX_MEMBERS, Link, find_neighbours, graph_revision, insert_links
from parcours.identity.namespaces import NamespaceTable, canonical_namespace
from parcours.kit.clock import to_us
from parcours.kit.named import make
from parcours.kit.paths import set_paths
from parcours.profile import store
from parcours.profile.merge import MergePolicy, MergePolicyTable, append_arrays, lay_over
from parcours.profile.store import EventPlace, EventRow, Fragment, FragmentRow, event_key
from parcours.xdm.identities import Identity

_KNOWN_LINKS_MAX = 200_000
_NO_NAMESPACES = NamespaceTable({})
_BUILT_IN_POLICIES = MergePolicyTable({}, {})
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d{1,6})\d*)?(.*)")


class KnownLinks:
    """Links already stored, so that a person's hundredth event doesn't write their identities again."""

    def __init__(self) -> None:
        self._links: set[Link] = set()
        self._revision = 0

    def forget_unless(self, revision: int) -> None:
        """Start anew when links were deleted since: one that is remembered may be gone."""
        if revision != self._revision:
            self._links.clear()
            self._revision = revision

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

    def __init__(
        self,
        connection: Connection,
        known_links: KnownLinks,
        namespaces: NamespaceTable = _NO_NAMESPACES,
        policies: MergePolicyTable = _BUILT_IN_POLICIES,
    ) -> None:
        """namespaces: which identities link people. policies: how each sandbox merges, by its default policy."""
        self._connection = connection
        self._known_links = known_links
        self._has_asked_revision = False
        self._last_us = 0
        self._namespaces = namespaces
        self._policies = policies
        self._policy_of: dict[int, MergePolicy] = {}
        self._fragments: dict[tuple[int, Identity], dict[str, Fragment]] = {}
        self._neighbours: dict[tuple[int, Identity], list[Identity]] = {}
        self._new_fragments: dict[tuple[int, Identity, str], FragmentRow] = {}
        self._gone: dict[tuple[int, Identity, str], None] = {}
        """Stored fragments that were removed; `flush` deletes them before it writes new ones."""
        self._latest: dict[tuple[int, Identity], dict[str, Fragment]] = {}
        self._new_events: dict[tuple[int, Identity, int, str], EventRow] = {}
        self._new_entities: dict[tuple[int, Identity], list[tuple[EventPlace, dict[str, Any]]]] = {}
        self._unsorted: list[tuple[tuple[int, Identity, int, str], dict[str, Any]]] = []
        """New events not yet in `_new_entities`: sorted in when somebody's events are asked for, which is seldom."""
        self._new_links: dict[Link, None] = {}
        self._new_neighbours: dict[tuple[int, Identity], list[Identity]] = {}

    def preload(self, scope_id: int, identities: Iterable[Identity]) -> None:
        """Read the profiles of many identities in few statements; `profile` then seldom needs the database."""
        frontier = [(canonical_namespace(namespace), identity) for namespace, identity in identities]
        if self._policy(scope_id).graph_type == "none":
            self._load(scope_id, frontier)
            return
        room = len(frontier) * MAX_MEMBERS
        while frontier and room > 0:
            self._load(scope_id, frontier)
            room -= len(frontier)
            near: dict[Identity, None] = {}
            for member in frontier:
                others = self._neighbours[scope_id, member]
                if others:
                    near |= dict.fromkeys(others)
            frontier = [other for other in near if (scope_id, other) not in self._fragments][: max(room, 0)]

    def _load(self, scope_id: int, identities: Iterable[Identity]) -> None:
        unread = [identity for identity in dict.fromkeys(identities) if (scope_id, identity) not in self._fragments]
        if not unread:
            return
        neighbours = find_neighbours(self._connection, scope_id, unread)
        fragments = store.find_fragments(self._connection, scope_id, unread)
        for identity in unread:
            place = (scope_id, identity)
            self._neighbours[place] = neighbours.get(identity) or []
            stored = fragments.get(identity)
            self._fragments[place] = {f.dataset_id: f for f in stored} if stored else {}

    def apply(self, valid: Valid) -> None:
        """Lay one valid record of a profile-enabled data set over the person it is about."""
        origin, scope_id, dataset, schema, entity, line, primary, identities, _ = valid
        if primary is None or not (dataset.is_profile_enabled and schema.is_union):
            return
        if schema.behaviour == "time-series":
            at_ms = epoch_ms(entity["timestamp"])
            key = event_key(entity["_id"])
            place = (scope_id, primary, at_ms, key)
            if place not in self._new_events:
                row = (scope_id, primary, at_ms, key, dataset.id, origin.received_at_ms, line)
                self._new_events[place] = make(EventRow, row)
                self._unsorted.append((place, entity))
        else:
            self._apply_record(valid, primary)
        if len(identities) > 1:
            self._link(scope_id, primary, identities)

    def _apply_record(self, valid: Valid, primary: Identity) -> None:
        scope_id, dataset_id, entity, line = valid.scope_id, valid.dataset.id, valid.entity, valid.line
        if valid.dataset.is_upsert:
            held = self._read(scope_id, primary).get(dataset_id)
            if held is not None:
                entity = lay_over([held.body, entity])
                line = orjson.dumps(entity)
        self._put(scope_id, primary, dataset_id, entity, line)

    def change(self, change: Change) -> None:
        """Merge a part of a record into what its data set holds of the person, or remove all that it holds."""
        _, scope_id, dataset, is_removal, entity, primary, identities, appended, _ = change
        held = self._read(scope_id, primary).get(dataset.id)
        if is_removal:
            place = (scope_id, primary)
            self._fragments[place].pop(dataset.id, None)
            self._latest.get(place, {}).pop(dataset.id, None)
            self._new_fragments.pop((scope_id, primary, dataset.id), None)
            self._gone[scope_id, primary, dataset.id] = None
        else:
            if held is not None:
                entity = append_arrays(lay_over([held.body, entity]), held.body, appended)
            self._put(scope_id, primary, dataset.id, entity, orjson.dumps(entity))
        if len(identities) > 1:
            self._link(scope_id, primary, identities)

    def update(
        self, scope_id: int, identity: Identity, dataset_id: str, updates: Iterable[tuple[tuple[str, ...], Any]]
    ) -> bool:
        """Write attributes of an existing profile, in the fragment of one data set; False when there is no profile.

        updates: (path, JSON value); null takes the attribute away. The data set's stored rows stay as they are.
        """
        known = self.cluster(scope_id, identity)
        if not any(self._read(scope_id, member) for member in known):
            return False
        held = self._read(scope_id, identity).get(dataset_id)
        body = orjson.loads(orjson.dumps(held.body)) if held is not None else {}
        set_paths(body, updates)
        self._put(scope_id, identity, dataset_id, body, orjson.dumps(body))
        return True

    def _put(self, scope_id: int, primary: Identity, dataset_id: str, body: dict[str, Any], line: bytes) -> None:
        now_us = self._last_us = max(time.time_ns() // 1000, self._last_us + 1)
        self._new_fragments[scope_id, primary, dataset_id] = FragmentRow(scope_id, primary, dataset_id, now_us, line)
        self._latest.setdefault((scope_id, primary), {})[dataset_id] = Fragment(dataset_id, now_us, body)

    def _link(self, scope_id: int, primary: Identity, identities: Iterable[Identity]) -> None:
        if not self._has_asked_revision:
            self._known_links.forget_unless(graph_revision(self._connection))
            self._has_asked_revision = True
        links: list[Link] = [(scope_id, primary, other) for other in identities if other != primary]
        for link in self._known_links.new(links):
            other = link[2]
            if link in self._new_links or not (
                self._links_people(scope_id, primary) and self._links_people(scope_id, other)
            ):
                continue
            self._new_links[link] = None
            self._new_neighbours.setdefault((scope_id, primary), []).append(other)
            self._new_neighbours.setdefault((scope_id, other), []).append(primary)

    def _policy(self, scope_id: int) -> MergePolicy:
        """The sandbox's default one, looked up once."""
        found = self._policy_of.get(scope_id)
        if found is None:
            found = self._policy_of[scope_id] = self._policies.default(scope_id)
        return found

    def _links_people(self, scope_id: int, identity: Identity) -> bool:
        namespace = self._namespaces.get(scope_id, identity[0])
        return namespace is None or namespace.links_people

    def cluster(self, scope_id: int, identity: Identity) -> list[Identity]:
        """Every identity linked to this one as of the records applied so far; itself first."""
        place = (scope_id, identity)
        if self._policy(scope_id).graph_type == "none":
            return [identity]
        if self._neighbours.get(place) == [] and place not in self._new_neighbours:
            return [identity]  # most people have one identity, and it was preloaded
        members: dict[Identity, None] = {identity: None}
        frontier = [identity]
        while frontier and len(members) < MAX_MEMBERS:
            self._load(scope_id, frontier)
            found: list[Identity] = []
            for member in frontier:
                near = self._neighbours[scope_id, member]
                more = self._new_neighbours.get((scope_id, member))
                for other in near if more is None else [*reversed(more), *near]:
                    if other not in members and len(members) < MAX_MEMBERS:
                        members[other] = None
                        found.append(other)
            frontier = found
        return list(members)

    def profile(self, scope_id: int, identity: Identity) -> dict[str, Any]:
        """The merged attributes of a person as of the records applied so far; {} for one nobody knows. Read-only."""
        fragments: list[Fragment] = []
        for member in self.cluster(scope_id, identity):
            fragments += self._read(scope_id, member).values()
        return self._policy(scope_id).merge(fragments) if fragments else {}

    def events(self, scope_id: int, identity: Identity) -> list[dict[str, Any]]:
        """The person's experience events, newest first, a thousand at most, of the last year."""
        for (scope, primary, at_ms, key), entity in self._unsorted:
            self._new_entities.setdefault((scope, primary), []).append(((at_ms, key, *primary), entity))
        self._unsorted.clear()
        members = self.cluster(scope_id, identity)
        since_ms = time.time_ns() // 1_000_000 - 366 * 86_400_000
        stored = store.find_events(self._connection, scope_id, members, from_ms=since_ms)
        found: dict[EventPlace, dict[str, Any]] = {event[:4]: event.entity for event in stored}
        for member in members:
            for place, entity in self._new_entities.get((scope_id, member), ()):
                if place[0] >= since_ms:
                    found.setdefault(place, entity)
        newest = sorted(found, reverse=True)
        return [found[place] for place in newest[: store.MAX_EVENTS]]

    def _read(self, scope_id: int, identity: Identity) -> dict[str, Fragment]:
        stored = self._fragments.get((scope_id, identity))
        if stored is None:
            self._load(scope_id, (identity,))
            stored = self._fragments[scope_id, identity]
        latest = self._latest.get((scope_id, identity))
        return {**stored, **latest} if latest else stored

    def flush(self) -> list[Link]:
        """Write everything applied; the links written, to be remembered after the commit."""
        store.delete_fragments(self._connection, self._gone)
        store.put_fragments(self._connection, list(self._new_fragments.values()))
        store.put_events(self._connection, list(self._new_events.values()))
        links = list(self._new_links)
        insert_links(self._connection, links, time.time_ns() // 1_000_000)
        return links


AUDIENCES = "$audiences"
"""Beside the data source: ids of the audiences the person is in."""


class ProfileData(Mapping[str, Any]):
    """The built-in data source `ExperiencePlatform` of one person, read only when an expression asks."""

    __slots__ = ("_audiences_of", "_groups", "_identity", "_scope_id", "_workspace")

    def __init__(
        self, workspace: ProfileWorkspace, scope_id: int, identity: Identity | None,
        audiences_of: Callable[[int, Identity], Collection[str]] | None = None,
    ) -> None:  # fmt: skip
        """audiences_of: (scope, identity) → ids of the audiences the person is in, found under AUDIENCES."""
        self._workspace = workspace
        self._audiences_of = audiences_of
        self._scope_id = scope_id
        self._identity = None if identity is None else (canonical_namespace(identity[0]), identity[1])
        self._groups: _Groups | None = None

    def __getitem__(self, source: str) -> Any:
        found = self.get(source)
        if found is None:
            raise KeyError(source)
        return found

    def get(self, source: str, default: Any = None) -> Any:  # Mapping's own would raise and catch
        """The source's field groups, or `default`."""
        if source == "ExperiencePlatform":
            groups = self._groups
            if groups is None:
                groups = self._groups = _Groups(self._workspace, self._scope_id, self._identity)
            return groups
        if source == AUDIENCES:
            found = self._audiences_of
            return default if found is None or self._identity is None else found(self._scope_id, self._identity)
        return default

    def __iter__(self) -> Iterator[str]:
        return iter(("ExperiencePlatform",))

    def __len__(self) -> int:
        return 1


FIELD_GROUPS = ("ProfileFieldGroup", "ExperienceEventFieldGroup")


class _Groups(dict[str, Any]):
    """The field groups that were asked for: the profile, and the person's events."""

    __slots__ = ("_identity", "_scope_id", "_workspace")

    def __init__(self, workspace: ProfileWorkspace, scope_id: int, identity: Identity | None) -> None:
        self._workspace = workspace
        self._scope_id = scope_id
        self._identity = identity

    def __bool__(self) -> bool:
        return True  # what nobody has asked for yet is not nothing

    def __missing__(self, name: str) -> Any:
        if name not in FIELD_GROUPS:
            raise KeyError(name)
        found: dict[str, Any] = {}
        if self._identity is not None:
            if name == "ProfileFieldGroup":
                found = self._workspace.profile(self._scope_id, self._identity)
            else:
                found = {"experienceevent": self._workspace.events(self._scope_id, self._identity)}
        self[name] = found
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The group, read when it is first asked for; `default` for another name."""
        return self[name] if name in FIELD_GROUPS else default


def epoch_ms(timestamp: str) -> int:
    """A validated XDM date-time as epoch milliseconds. A leap second counts as the second before it; 0 for none."""
    try:
        return to_us(datetime.fromisoformat(timestamp)) // 1000
    except (ValueError, TypeError, OverflowError):  # what RFC 3339 allows and Python does not
        found = _DATE_TIME.fullmatch(timestamp)
    if found is None:
        return 0
    day, minutes, seconds, fraction, zone = found.groups()
    text = f"{day}T{minutes}{min(seconds, '59')}.{(fraction or '0').ljust(6, '0')}{zone.upper()}"
    try:
        return to_us(datetime.fromisoformat(text)) // 1000
    except (ValueError, TypeError, OverflowError):
        return 0
