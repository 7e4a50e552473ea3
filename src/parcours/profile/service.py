"""Profile access: a person's merged attributes and events, by any of their identities."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from parcours.access import Caller
from parcours.db import Database
from parcours.identity.graph import delete_links, find_cluster
from parcours.identity.namespaces import NamespaceTable, canonical_namespace
from parcours.identity.service import NamespaceService
from parcours.identity.xid import from_xid, xid
from parcours.kit.clock import to_datetime
from parcours.profile import store
from parcours.profile.errors import ProfileNotFound, ProfileQueryInvalid
from parcours.profile.jobs import ProfileJobService
from parcours.profile.merge import MergePolicy
from parcours.profile.policies import MergePolicyService
from parcours.profile.projection import project
from parcours.profile.store import EventPlace, Fragment, ProfileEvent
from parcours.resources.filtering import FilterInvalid, matches
from parcours.resources.store import ResourceStore
from parcours.xdm.identities import Identity

MAX_SCANNED = 20_000
"""Most events one question with filters looks at; its `next` goes on from there."""
MAX_FILTERS = 3
"""Source: platform-apis §7.4."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A person as they were asked for."""

    entity_id: str
    """An id, or an XID when there is no namespace."""
    namespace: str | None = None
    """Namespace code in any case."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events of a person are wanted."""

    from_ms: int = store.MIN_MS
    """Included."""
    to_ms: int = store.MAX_MS
    """Not included."""
    limit: int = store.MAX_EVENTS
    newest_first: bool = False
    start: EventPlace | None = None
    """The `next` of the page before."""
    event_id: str | None = None
    """Only the event with this `_id`."""
    filters: Sequence[str] = ()
    """Such as `commerce.order.priceTotal>100`; see `resources.filtering`. Three at most."""
    fields: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises ProfileQueryInvalid for filters that can't be understood."""
        if len(self.filters) > MAX_FILTERS:
            raise ProfileQueryInvalid(f"property can be given {MAX_FILTERS} times at most", "$.property")
        for text in self.filters:
            try:
                matches({}, [text])
            except FilterInvalid as error:
                raise ProfileQueryInvalid(str(error), "$.property") from None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events of a person, as the answer shows them, and where the next page begins."""

    xid: str
    children: list[dict[str, Any]] = field(default_factory=list)
    next: EventPlace | None = None


class ProfileService:
    """The profiles of every sandbox, as the API reads and deletes them."""

    def __init__(self, db: Database, resources: ResourceStore, namespaces: NamespaceService) -> None:
        self._db = db
        self._namespaces = namespaces
        self.policies = MergePolicyService(db, resources)
        self.jobs = ProfileJobService(db, resources)

    def profile(self, caller: Caller, asked: Asked, policy_id: str = "", fields: Sequence[str] = ()) -> dict[str, Any]:
        """One person's profile, keyed by XID. Raises ProfileNotFound or MergePolicyNotFound."""
        with self._db.read() as connection:
            policy = self.policies.choose(connection, caller.scope_id, policy_id)
            namespaces = self._namespaces.table.current(connection)
            found = _profile(connection, caller.scope_id, _resolve(asked), policy, namespaces, fields)
        if found is None:
            raise ProfileNotFound("no profile has this identity")
        return {found["entityId"]: found}

    def profiles(
        self, caller: Caller, everyone: Iterable[Asked], policy_id: str = "", fields: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Several people's profiles, keyed by XID; of somebody nobody knows, the empty form."""
        answer: dict[str, Any] = {}
        with self._db.read() as connection:
            policy = self.policies.choose(connection, caller.scope_id, policy_id)
            namespaces = self._namespaces.table.current(connection)
            for asked in everyone:
                identity = _resolve(asked)
                found = _profile(connection, caller.scope_id, identity, policy, namespaces, fields)
                key = asked.entity_id if identity is None else xid(*identity)
                answer[key] = {**(found or _empty(key, policy)), "requestedIdentity": _requested(asked)}
        return answer

    def test_profiles(self, caller: Caller, namespace: str, search: str, limit: int) -> list[dict[str, str]]:
        """Who may enter a journey in test mode, as {"namespace", "id"}. search: a part of the id, in any case."""
        with self._db.read() as connection:
            found = store.find_test_profiles(
                connection, caller.scope_id, canonical_namespace(namespace), search, limit
            )  # fmt: skip
        return [{"namespace": namespace, "id": one} for one in found]

    def events(self, caller: Caller, asked: Asked, query: EventQuery, policy_id: str = "") -> EventPage:
        """A page of a person's events. Raises ProfileNotFound, MergePolicyNotFound or ProfileQueryInvalid."""
        with self._db.read() as connection:
            policy = self.policies.choose(connection, caller.scope_id, policy_id)
            identity = _resolve(asked)
            members = [] if identity is None else _members(connection, caller.scope_id, identity, policy)
            if identity is None or not store.is_known(connection, caller.scope_id, members):
                raise ProfileNotFound("no profile has this identity")
            return _events(connection, caller.scope_id, identity, members, query)

    def events_of(
        self, caller: Caller, everyone: Iterable[Asked], query: EventQuery, policy_id: str = ""
    ) -> list[tuple[Asked, EventPage]]:
        """A page of events of each of several people; an empty one of somebody nobody knows."""
        answer: list[tuple[Asked, EventPage]] = []
        with self._db.read() as connection:
            policy = self.policies.choose(connection, caller.scope_id, policy_id)
            for asked in everyone:
                identity = _resolve(asked)
                if identity is None:
                    answer.append((asked, EventPage(asked.entity_id)))
                else:
                    members = _members(connection, caller.scope_id, identity, policy)
                    answer.append((asked, _events(connection, caller.scope_id, identity, members, query)))
        return answer

    def delete(self, caller: Caller, asked: Asked, policy_id: str = "") -> int:
        """Delete a person: the fragments, events and links of every identity the merge policy gives them.

        How many rows of profile data went; 0 for somebody nobody knows. Raises MergePolicyNotFound.
        """
        with self._db.write() as connection:
            policy = self.policies.choose(connection, caller.scope_id, policy_id)
            identity = _resolve(asked)
            if identity is None:
                return 0
            members = _members(connection, caller.scope_id, identity, policy)
            delete_links(connection, caller.scope_id, members)
            return store.delete_person(connection, caller.scope_id, members)


def _profile(
    connection: Connection,
    scope_id: int,
    identity: Identity | None,
    policy: MergePolicy,
    namespaces: NamespaceTable,
    fields: Sequence[str],
) -> dict[str, Any] | None:
    """A person's profile as the answer shows it; None when nobody knows them."""
    if identity is None:
        return None
    members = _members(connection, scope_id, identity, policy)
    known = store.find_fragments(connection, scope_id, members)
    fragments = [fragment for member in members for fragment in known.get(member, ())]
    sources = _sources(fragments)
    if not fragments:  # known by events only
        received = store.find_event_sources(connection, scope_id, members)
        sources = {dataset_id: at_ms * 1000 for dataset_id, at_ms in received.items()}
    if not sources:
        return None
    entity = dict(policy.merge(fragments))
    entity["identityMap"] = _identity_map(entity.get("identityMap"), members, scope_id, namespaces)
    return {
        "entityId": xid(*identity),
        "mergePolicy": {"id": policy.id},
        "sources": sorted(sources),
        "tags": [],
        "identityGraph": [xid(*member) for member in members],
        "entity": project(entity, fields),
        "lastModifiedAt": _second(max(sources.values())),
    }


def _resolve(asked: Asked) -> Identity | None:
    """The identity asked for, in its stored form; None when there can't be such a one."""
    if asked.namespace is None:
        found = from_xid(asked.entity_id)
    else:
        found = (canonical_namespace(asked.namespace), asked.entity_id)
    if found is None or not found[0] or not found[1] or "\0" in found[0] or "\0" in found[1]:
        return None
    return found


def _requested(asked: Asked) -> dict[str, Any]:
    if asked.namespace is None:
        return {"entityId": asked.entity_id}
    return {"entityId": asked.entity_id, "entityIdNS": {"code": asked.namespace}}


def _members(connection: Connection, scope_id: int, identity: Identity, policy: MergePolicy) -> list[Identity]:
    if policy.graph_type == "none":
        return [identity]
    return find_cluster(connection, scope_id, identity)


def _sources(fragments: Iterable[Fragment]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for fragment in fragments:
        latest[fragment.dataset_id] = max(fragment.updated_at_us, latest.get(fragment.dataset_id, 0))
    return latest


def _identity_map(
    recorded: Any, members: Iterable[Identity], scope_id: int, namespaces: NamespaceTable
) -> dict[str, list[dict[str, Any]]]:
    """The records' own identity map, joined with the identities of the graph, under the codes as registered."""
    joined: dict[str, dict[str, dict[str, Any]]] = {}

    def add(code: str, entry: dict[str, Any]) -> None:
        canonical = canonical_namespace(code)
        registered = namespaces.get(scope_id, canonical)
        shown = canonical if registered is None else registered.code
        joined.setdefault(shown, {}).setdefault(str(entry.get("id")), entry)

    if isinstance(recorded, dict):
        for code, entries in recorded.items():
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    add(code, entry)
    for code, value in members:
        add(code, {"id": value})
    return {code: list(entries.values()) for code, entries in joined.items()}


def _empty(key: str, policy: MergePolicy) -> dict[str, Any]:
    """Source: platform-apis §7.4."""
    return {
        "entityId": key,
        "mergePolicy": {"id": policy.id},
        "sources": [""],
        "tags": [],
        "identityGraph": [],
        "entity": {},
        "lastModifiedAt": _second(0),
    }


def _events(
    connection: Connection, scope_id: int, identity: Identity, members: Sequence[Identity], query: EventQuery
) -> EventPage:
    """As many events as are wanted, and the place of the one after them."""
    key = xid(*identity)
    found: list[dict[str, Any]] = []
    start = query.start
    is_selective = bool(query.filters) or query.event_id is not None
    scanned = 0
    while True:
        size = store.MAX_EVENTS if is_selective else query.limit + 1
        chunk = store.find_events(
            connection,
            scope_id,
            members,
            from_ms=query.from_ms,
            to_ms=query.to_ms,
            start=start,
            limit=size + 1,
            newest_first=query.newest_first,
        )
        for event in chunk[:size]:
            if not _is_wanted(event, query):
                continue
            if len(found) == query.limit:
                return EventPage(key, found, event[:4])
            found.append(_child(key, event, query.fields))
        scanned += size
        if len(chunk) <= size:
            return EventPage(key, found)
        start = chunk[size][:4]
        if scanned >= MAX_SCANNED:
            return EventPage(key, found, start)


def _is_wanted(event: ProfileEvent, query: EventQuery) -> bool:
    if query.event_id is not None and event.entity.get("_id") != query.event_id:
        return False
    return matches(event.entity, query.filters)


def _child(key: str, event: ProfileEvent, fields: Sequence[str]) -> dict[str, Any]:
    return {
        "relatedEntityId": key,
        "entityId": event.entity.get("_id", event.event_key),
        "timestamp": event.at_ms,
        "entity": project(event.entity, fields),
        "sources": [event.dataset_id],
        "lastModifiedAt": _second(event.received_at_ms * 1000),
    }


def _second(at_us: int) -> str:
    return to_datetime(at_us).strftime("%Y-%m-%dT%H:%M:%SZ")
