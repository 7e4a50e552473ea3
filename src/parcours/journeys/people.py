"""The people of a virtual world: what conditions read of the profile while it runs."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from parcours.identity.namespaces import canonical_namespace
from parcours.xdm.identities import Identity

PLATFORM = "ExperiencePlatform"
FIELD_GROUPS = ("ProfileFieldGroup", "ExperienceEventFieldGroup")
MAX_EVENTS = 1_000
"""Most stored events of a person that expressions read."""
_NOBODY: Mapping[str, Any] = {}


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

    def change(self, namespace: str, value: str, attributes: Mapping[str, Any]) -> None:
        """Lay attributes over those a person has: objects are merged, all else is replaced."""
        ...


class GivenPeople:
    """People as a file, a test or a program tells them; a profile that is put again counts from then on."""

    def __init__(self) -> None:
        self._profiles: dict[Identity, Mapping[str, Any]] = {}
        self._events: dict[Identity, list[Mapping[str, Any]]] = {}

    def put(self, namespace: str, value: str, attributes: Mapping[str, Any]) -> None:
        """Set a person's attributes, in place of what was there."""
        self._profiles[canonical_namespace(namespace), value] = attributes

    def change(self, namespace: str, value: str, attributes: Mapping[str, Any]) -> None:
        """Lay attributes over those that are there: objects are merged, all else is replaced."""
        identity = (canonical_namespace(namespace), value)
        self._profiles[identity] = laid_over(self._profiles.get(identity, _NOBODY), attributes)

    def profile(self, identity: Identity) -> Mapping[str, Any]:
        """See People."""
        return self._profiles.get(identity, _NOBODY)

    def events(self, identity: Identity, now_us: int) -> list[Mapping[str, Any]]:
        """See People."""
        return self._events.get(identity, [])[: -MAX_EVENTS - 1 : -1]

    def note_event(self, identity: Identity, entity: Mapping[str, Any]) -> None:
        """See People."""
        self._events.setdefault(identity, []).append(entity)


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes over others: objects are merged, all else is replaced."""
    merged = dict(below)
    for name, value in above.items():
        before = merged.get(name)
        is_merged = isinstance(value, Mapping) and isinstance(before, Mapping)
        merged[name] = laid_over(before, value) if is_merged else value  # type: ignore[arg-type]
    return merged


class PersonData(Mapping[str, Any]):
    """The built-in data source `ExperiencePlatform` of one person, read only when an expression asks."""

    __slots__ = ("_groups", "_identity", "_now_us", "_people")

    def __init__(self, people: People, identity: Identity, now_us: int) -> None:
        self._people = people
        self._identity = identity
        self._now_us = now_us
        self._groups: dict[str, Any] | None = None

    def __getitem__(self, source: str) -> Mapping[str, Any]:
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
