"""What a message becomes."""

from typing import Any, NamedTuple

from parcours.catalog.model import DataSet
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.identities import Identity


class Origin(NamedTuple):
    """Where a message came in."""

    inlet_id: str
    flow_id: str
    """Empty when the sender named a data set and no flow."""
    xaction_id: str
    """As acknowledged; a message of a batch has `:{index}` after it."""
    received_at_ms: int
    retry_of: int
    """Id of the failed record this is another try of; 0 for a first try."""


class Valid(NamedTuple):
    """A message that became a valid XDM record."""

    origin: Origin
    scope_id: int
    dataset: DataSet
    schema: CompiledSchema
    entity: dict[str, Any]
    line: bytes
    """The entity as compact JSON."""
    primary: Identity | None
    """Whom the record is about; None when it names nobody."""
    identities: list[Identity]
    warnings: tuple[str, ...]
    """What the mapping dropped, what is no identity, and why."""


class Change(NamedTuple):
    """A message that changes what one data set knows of a person: part of a record, or its removal."""

    origin: Origin
    scope_id: int
    dataset: DataSet
    is_removal: bool
    entity: dict[str, Any]
    """The fields that were sent; all others stay."""
    primary: Identity
    """Whom it is about."""
    identities: list[Identity]
    """Those to link; empty when the message asks for no links."""
    appended: tuple[tuple[str, ...], ...]
    """Paths of arrays that go to the end of what is stored, where others replace it."""
    warnings: tuple[str, ...]
    """As of a valid record."""


class Failed(NamedTuple):
    """A message that did not."""

    origin: Origin
    scope_id: int
    dataset_id: str
    code: str
    """Reason code of platform-apis §1.8, such as INGEST-1212-400."""
    errors: list[dict[str, Any]]
    """What was wrong and where: everit-like violations, or {"message"}."""
    body: bytes
    """The message as received."""


Outcome = Valid | Change | Failed
"""What one message becomes."""

UNREADABLE = "INGEST-1401-400"
"""The message is not what the flow takes."""
NOT_VALID = "INGEST-1212-400"
"""The record breaks its schema."""
NOT_MAPPED = "MAPPER-3700-400"
"""The mapping could not be run."""
NO_DEFINITION = "INGEST-1100-400"
"""The flow, data set, schema or mapping set it was accepted for is gone."""
