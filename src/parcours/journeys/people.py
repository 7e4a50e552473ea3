"""The people of a virtual world: what conditions read of the profile while it runs."""

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.run import AUDIENCES
from parcours.kit.paths import set_paths
from parcours.xdm.identities import Identity

PLATFORM = "ExperiencePlatform"
FIELD_GROUPS = ("ProfileFieldGroup", "ExperienceEventFieldGroup")
MAX_EVENTS = 1_000
"""Most stored events of a person that expressions read."""
_NOBODY: Mapping[str, Any] = {}


class Listed(NamedTuple):
    """Somebody in a list of an audience, with what it says of them."""

    id: str
    attributes: str | None = None
    """As the text of a JSON object; None when it says nothing."""


class People(Protocol):
    """Who is who at the virtual moment."""

    def profile(self, identity: Identity) -> Mapping[str, Any]:
        """The attributes of a person; {} for one nobody knows."""
        ...

    def events(self, identity: Identity, now_us: int) -> list[Mapping[str, Any]]:
        """The person's experience events up to the moment, newest first."""
        ...

    def note_event(self, identity: Identity, entity: Mapping[str, Any]) -> None:
        """An event about the person came in."""
        ...

    def cluster(self, identity: Identity) -> tuple[Identity, ...]:
        """Every identity of the person, this one first."""
        ...

    def update(self, identity: Identity, updates: Iterable[tuple[tuple[str, ...], Any]]) -> bool:
        """Write attributes of a person that somebody knows; False for one nobody knows. updates: see `set_paths`."""
        ...


class GivenPeople:
    """People as a file, a test or a program tells them; a profile that is put again counts from then on.

    Identities that an `identityMap` among the attributes names are the same person's.
    """

    def __init__(self) -> None:
        self._profiles: dict[Identity, Mapping[str, Any]] = {}
        self._events: dict[Identity, list[tuple[int, Mapping[str, Any]]]] = {}
        self._event_count = 0
        self._clusters: dict[Identity, dict[Identity, None]] = {}
        """Of persons with several identities: all of them, under each."""

    def put(self, namespace: str, value: str, attributes: Mapping[str, Any]) -> None:
        """Set a person's attributes, in place of what was there."""
        identity = (canonical_namespace(namespace), value)
        self._profiles[identity] = attributes
        self._link(identity, attributes)

    def change(self, namespace: str, value: str, attributes: Mapping[str, Any]) -> None:
        """Lay attributes over those that are there: objects are merged, all else is replaced."""
        identity = (canonical_namespace(namespace), value)
        self._profiles[identity] = laid_over(self._profiles.get(identity, _NOBODY), attributes)
        self._link(identity, attributes)

    def _link(self, identity: Identity, attributes: Mapping[str, Any]) -> None:
        found = attributes.get("identityMap")
        if not isinstance(found, Mapping):
            return
        for namespace, members in found.items():
            for member in members if isinstance(members, list) else ():
                value = member.get("id") if isinstance(member, Mapping) else None
                if not isinstance(value, str) or not value:
                    continue
                other = (canonical_namespace(str(namespace)), value)
                if other != identity:
                    mine, theirs = (self._clusters.get(one, {one: None}) for one in (identity, other))
                    joined = {**mine, **theirs}
                    self._clusters.update(dict.fromkeys(joined, joined))

    def cluster(self, identity: Identity) -> tuple[Identity, ...]:
        """See People."""
        known = self._clusters.get(identity)
        return (identity,) if known is None else tuple({identity: None, **known})

    def profile(self, identity: Identity) -> Mapping[str, Any]:
        """See People."""
        if identity not in self._clusters:
            return self._profiles.get(identity, _NOBODY)
        found: Mapping[str, Any] = _NOBODY
        for one in reversed(self.cluster(identity)):
            found = laid_over(found, self._profiles.get(one, _NOBODY))
        return found

    def update(self, identity: Identity, updates: Iterable[tuple[tuple[str, ...], Any]]) -> bool:
        """See People."""
        if not any(one in self._profiles for one in self.cluster(identity)):
            return False
        body = copy.deepcopy(dict(self._profiles.get(identity, _NOBODY)))
        set_paths(body, updates)
        self._profiles[identity] = body
        return True

    def events(self, identity: Identity, now_us: int) -> list[Mapping[str, Any]]:
        """See People."""
        found = self._events.get(identity, [])
        if identity in self._clusters:
            found = sorted((e for one in self.cluster(identity) for e in self._events.get(one, ())), key=itemgetter(0))
        return [event for _, event in found[: -MAX_EVENTS - 1 : -1]]

    def note_event(self, identity: Identity, entity: Mapping[str, Any]) -> None:
        """See People."""
        self._event_count += 1
        self._events.setdefault(identity, []).append((self._event_count, entity))


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes over others: objects are merged, all else is replaced."""
    merged = dict(below)
    for name, value in above.items():
        before = merged.get(name)
        is_merged = isinstance(value, Mapping) and isinstance(before, Mapping)
        merged[name] = laid_over(before, value) if is_merged else value  # type: ignore[arg-type]
    return merged


class PersonData(Mapping[str, Any]):
    """The built-in data source `ExperiencePlatform` of one person, read only when an expression asks.

    Beside it, under AUDIENCES, ids of the audiences the person is in.
    """

    __slots__ = ("_audiences_of", "_groups", "_identity", "_now_us", "_people")

    def __init__(
        self, people: People, identity: Identity, now_us: int,
        audiences_of: Callable[[Identity], Collection[str]] | None = None,
    ) -> None:  # fmt: skip
        self._audiences_of = audiences_of
        self._people = people
        self._identity = identity
        self._now_us = now_us
        self._groups: dict[str, Any] | None = None

    def __getitem__(self, source: str) -> Any:
        if source == AUDIENCES and self._audiences_of is not None:
            return self._audiences_of(self._identity)
        if source != PLATFORM:
            raise KeyError(source)
        if self._groups is None:
            self._groups = _Groups(self._people, self._identity, self._now_us)
        return self._groups

    def __iter__(self) -> Iterator[str]:
        return iter((PLATFORM,))

    def __len__(self) -> int:
        return 1


class _Groups(dict[str, Any]):
    """Field groups, each made when it is first read."""

    def __init__(self, people: People, identity: Identity, now_us: int) -> None:
        super().__init__()
        self._people = people
        self._identity = identity
        self._now_us = now_us

    def __bool__(self) -> bool:
        """Always: a group that nobody has read yet is there all the same."""
        return True

    def __missing__(self, name: str) -> Any:
        if name == "ProfileFieldGroup":
            group: Mapping[str, Any] = self._people.profile(self._identity)
        elif name == "ExperienceEventFieldGroup":
            group = {"experienceevent": self._people.events(self._identity, self._now_us)}
        else:
            raise KeyError(name)
        self[name] = group
        return group

    def get(self, name: str, default: Any = None) -> Any:
        """The group, made when it is there to be made."""
        return self[name] if name in FIELD_GROUPS else default
