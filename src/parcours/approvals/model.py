"""The nouns of approval, and what a policy says of a journey and of a person. Pure; source: journeys §3.3 and §10.4."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ENTRY_TYPES = ("unitary", "business", "audience_qualification", "read_audience")
ACTIONS = ("email", "sms", "push", "customAction")
"""What a journey does to the world: the channels of its messages, and calls of custom actions."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who calls, as policies know them."""

    subject: str
    """Whom roles name: a client id, or a user in its organisation."""
    user_id: str = ""
    """Empty for a credential."""
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class People:
    """Users by id, and everybody who has one of some roles."""

    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def has(self, person: Person) -> bool:
        """Whether the person is among them."""
        return person.user_id in self.users or not self.roles.isdisjoint(person.roles)


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions may ask of a journey."""

    name: str
    tags: frozenset[str]
    entry_type: str
    """One of ENTRY_TYPES, or anything else for none of them."""
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """A stored policy, ready to be asked. A condition without values holds for every journey."""

    uid: str
    name: str
    is_active: bool
    tags: frozenset[str]
    entry_types: frozenset[str]
    actions: frozenset[str]
    names: tuple[str, ...]
    """Texts, case-folded, of which the journey's name holds one."""
    requesters: People | None
    """Whose publications are meant; None: everybody's."""
    approvers: People

    def covers(self, journey: Facts, requester: Person) -> bool:
        """Whether the journey may not go live without this policy's approval: every condition holds."""
        name = journey.name.casefold()
        return (
            self.is_active
            and (not self.tags or not self.tags.isdisjoint(journey.tags))
            and (not self.entry_types or journey.entry_type in self.entry_types)
            and (not self.actions or not self.actions.isdisjoint(journey.actions))
            and (not self.names or any(text in name for text in self.names))
            and (self.requesters is None or self.requesters.has(requester))
        )


def read_policy(uid: str, body: Mapping[str, Any]) -> Policy:
    """A document of `document.read_document` as a policy."""
    conditions = body["conditions"]
    requesters = _people(conditions["requesters"])
    return Policy(
        uid,
        body["name"],
        body["state"] == "active",
        frozenset(conditions["tags"]),
        frozenset(conditions["entryTypes"]),
        frozenset(conditions["actions"]),
        tuple(text.casefold() for text in conditions["nameContains"]),
        requesters if requesters.users or requesters.roles else None,
        _people(body["approvers"]),
    )


def _people(given: Mapping[str, Any]) -> People:
    return People(frozenset(given["users"]), frozenset(given["roles"]))
