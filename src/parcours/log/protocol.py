"""What a log is to the rest: a writer that acknowledges durably, a reader that goes on from a position."""

from collections.abc import Awaitable, Sequence
from typing import NamedTuple, Protocol

from parcours.kit.errors import Unavailable


class LogUnavailable(Unavailable):
    """The record could not be made durable; nothing of it was kept, and the sender should try again."""


class LogUnreadable(Unavailable):
    """The log can't be read, or not be trimmed, now."""


class Record(NamedTuple):
    """One accepted request, as received: a single message, or a batch of them for one flow."""

    inlet_id: str
    flow_id: str
    """The flow its messages go through; empty when a data set alone was named."""
    dataset_id: str
    """The data set its messages land in."""
    xaction_id: str
    received_at_ms: int
    body: bytes
    """The request body as it arrived (JSON); of a batch for several flows, the part that this record is."""
    is_batch: bool = False
    """Whether the body is {"messages": […]}, or, as a part of a batch, a list of [index in the batch, message]."""
    message_count: int = 1
    """How many messages were accepted."""
    skip: tuple[int, ...] = ()
    """Indexes in `messages` that were refused; they are not part of the record."""
    scope_id: int = 0
    """The sandbox of the inlet: whose the record is, even when the inlet is gone by the time it is processed."""


class LogWriter(Protocol):
    """The collecting side. One per process."""

    @property
    def waiting(self) -> int:
        """Requests not yet handed to the storage; what back-pressure is measured by."""
        ...

    @property
    def waiting_bytes(self) -> int:
        """Bytes of their bodies."""
        ...

    @property
    def is_healthy(self) -> bool:
        """Whether the last attempt to make records durable succeeded."""
        ...

    def probe(self) -> None:
        """After a failure, try the storage without a record; `is_healthy` tells a little later. For any thread."""
        ...

    def append(self, records: Sequence[Record]) -> Awaitable[None]:
        """Done once every record survives a crash and power loss. Raises LogUnavailable, then none was kept."""
        ...

    async def close(self) -> None:
        """Finish what was appended, then let go."""
        ...


class LogReader(Protocol):
    """The working side. Positions grow by one for each record and never change."""

    def read(self, after: int, max_messages: int) -> list[tuple[int, Record]]:
        """(position, record) pairs after a position, in order, up to about `max_messages` messages; [] at the end."""
        ...

    def last_position(self) -> int:
        """The highest position ever given; 0 before the first record."""
        ...

    def pending(self, after: int) -> dict[str, int]:
        """How many messages of each flow (data set, where no flow was named) stand after a position."""
        ...

    def trim(self, through: int, received_before_ms: int) -> int:
        """Drop some records up to a position, received before a time; how many groups went, 0 when none is left."""
        ...

    def close(self) -> None:
        """Let go of the storage."""
        ...
