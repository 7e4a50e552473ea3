"""The nouns of audiences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from parcours.xdm.identities import Identity

Status = Literal["realized", "exited"]
"""Of a membership: in the audience, or no longer. Source: platform-apis §7.7; `existing` is not written any more."""
REALIZED: Status = "realized"
EXITED: Status = "exited"

CUSTOM_UPLOAD = "CUSTOM_UPLOAD"
"""`originName` of an audience whose members are uploaded."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A set of people. Made by `table.py` from its resource."""

    id: str
    """A UUID."""
    scope_id: int
    name: str
    """Unique in the sandbox; what `inAudience("…")` says."""
    namespace: str
    """Identity namespace of its members, in the one form identities are stored by."""
    origin: str
    """`CUSTOM_UPLOAD`."""
    fields: tuple[Mapping[str, str], ...] = ()
    """{"name", "type"} of what is declared of its lists; none when any attribute may be there."""


class Membership(NamedTuple):
    """Whether an identity is in an audience, and since when."""

    status: Status
    qualified_at_us: int
    """When it was realized or exited last: `lastQualificationTime`."""


class Member(NamedTuple):
    """A member as a page of an audience has it."""

    identity: Identity
    qualified_at_us: int
    attributes: str | None
    """What the list says of the member besides its identity, as the text of a JSON object."""
    key: str
    """Where the next page begins: `after_key`."""


class Qualification(NamedTuple):
    """A change of membership, for journeys to hear of."""

    seq: int
    """Rises in the order of the changes of one audience."""
    scope_id: int
    audience_id: str
    namespace: str
    identity: str
    status: Status
    at_us: int


class Change(NamedTuple):
    """What a change of memberships came to."""

    realized: int = 0
    """Identities that entered."""
    exited: int = 0
    """Identities that left."""
    unchanged: int = 0
    """Identities that were in (or out) already."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people are, and were, in an audience, and when it was last brought up to date."""

    realized: int = 0
    exited: int = 0
    evaluated_at_us: int | None = None
    """When the last upload that changed it was through; None before the first."""


class Usage(NamedTuple):
    """How many journey versions use an audience."""

    draft: int = 0
    live: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.draft + self.live

    def __str__(self) -> str:
        return f"{self.total} journey version" + ("" if self.total == 1 else "s")


UsageOf = Callable[[Connection, int, str], Usage]
"""(connection, scope_id, audience_id) → how many journey versions use the audience."""
IsListened = Callable[[Connection, int, str], bool]
"""(connection, scope_id, audience_id) → whether a journey wants to hear of its qualifications."""
