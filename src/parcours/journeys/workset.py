"""The nouns of the runner: what arrives at journeys, what they ask of the world, an instance in the working set."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from parcours.actions.model import HttpRequest
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import Instance, UpdateProfile
from parcours.xdm.identities import Identity

PARTITIONS = 64
"""Into how many partitions keys are spread; a worker of a cluster owns some of them."""


Key = tuple[int, str, str]
"""(scope, journey uid, key)."""


class World(Protocol):
    """What instances ask of the other rooms, in the runner's transaction."""

    def data_of(self, journey: CompiledJourney, key: str) -> Mapping[str, Any]:
        """The data sources of an individual, as of now; read only when an expression asks."""
        ...

    def key_in(self, scope_id: int, identity: Identity, namespace: str) -> str | None:
        """The id that the same individual has in a namespace; None when they have none."""
        ...

    def look_up(self, scope_id: int, data_set_id: str, keys: Sequence[str], fields: Sequence[str]) -> Any:
        """What a LookUp is replied with."""
        ...

    def update_profile(self, journey: CompiledJourney, key: str, command: UpdateProfile) -> str | None:
        """What an UpdateProfile is replied with."""
        ...


class Interest(NamedTuple):
    """Which live journeys an event configuration concerns."""

    entries: tuple[CompiledJourney, ...]
    """Those it lets enter."""
    listening: tuple[CompiledJourney, ...]
    """Those with a node that waits for it."""
    every: tuple[CompiledJourney, ...]
    journey_uids: tuple[str, ...]
    reads_profile: bool
    """Whether any of them reads the profile."""
    is_ruled: bool
    """Whether any of those entered is under a rule set: they are then in the order of their priority."""
    measuring: tuple[CompiledJourney, ...] = ()
    """Those with a success metric that counts it."""


class Arrival(NamedTuple):
    """One event, or change of an audience, that concerns one individual."""

    scope_id: int
    event_uid: str
    key: str | None
    """The identity value computed from the event; None when that failed."""
    payload: Mapping[str, Any]
    seed: str
    """With `received_at_ms`, names what arrived: a new instance has the same id whenever this is run."""
    received_at_ms: int
    data: Mapping[str, Any]
    """The data sources of the individual; read only when an expression asks."""
    supplemental_ids: tuple[str, ...] | None = None
    """Second dimension of the key; None: the event has none and means all instances of the individual."""
    namespace: str | None = None
    """Only for journeys about this namespace, in its canonical form; None: `event_uid` says which it is."""


class OutgoingCall(NamedTuple):
    """A call of a custom action to be put into the outbox."""

    scope_id: int
    partition: int
    instance_id: str
    node_id: str
    pass_no: int
    version_uid: str
    action_uid: str
    request: HttpRequest
    deadline_us: int


class Held:
    """An instance in the working set."""

    __slots__ = ("instance", "is_changed", "is_new", "is_reentrance", "journey", "partition")

    def __init__(
        self, journey: CompiledJourney, instance: Instance, *, is_new: bool, is_reentrance: bool = False
    ) -> None:
        self.journey = journey
        self.partition = zlib.crc32(instance.key.encode()) % PARTITIONS
        self.instance = instance
        self.is_new = is_new
        self.is_changed = is_new
        self.is_reentrance = is_reentrance
        """Of a new one: whether its key was in the journey before."""


def instance_id_of(received_at_ms: int, seed: str) -> str:
    """32 hexadecimal characters that rise with time: rows of new instances then stand together on few pages."""
    return f"{received_at_ms:012x}{hashlib.blake2b(seed.encode(), digest_size=10).hexdigest()}"


def is_about(journey: CompiledJourney, namespace: str) -> bool:
    """Whether a journey is about a namespace, given in its canonical form."""
    return journey.namespace is not None and canonical_namespace(journey.namespace) == namespace


def names_of(journey: CompiledJourney) -> dict[str, Any]:
    """How decisions name a version."""
    return {"journey": journey.name, "journeyUid": journey.journey_uid, "versionUid": journey.version_uid}
