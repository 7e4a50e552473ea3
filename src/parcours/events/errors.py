"""What can be wrong with an event configuration."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from parcours.kit.errors import Conflict, Invalid, NotFound


class EventNotFound(NotFound):
    """The sandbox has no event configuration with this uid."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no event {uid!r}")
        self.uid = uid


class EventInvalid(Invalid):
    """An event configuration that can't be accepted. line, column: place inside an expression, from 1."""

    def __init__(self, message: str, path: str = "$", *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message, path)
        self.line = line
        self.column = column


class RelatedFieldRefused(EventInvalid):
    """An expression reads a field of a related schema where only what senders send can be read."""


class EventExists(Conflict):
    """The name is taken in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"an event named {name!r} exists already in this sandbox")
        self.name = name


class EventInUse(Conflict):
    """The change would break a journey that uses the event."""


class TooManyEvents(Conflict):
    """The schema has as many event configurations as it may have."""

    def __init__(self, schema_id: str, limit: int) -> None:
        super().__init__(f"schema {schema_id!r} has {limit} events already, the most a schema may have")


class Fault(NamedTuple):
    """One thing wrong with a test event."""

    path: str
    """JSON path in the entity, "$._acme.order.total", or in the request: "$.fields"."""
    message: str

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"path": self.path, "message": self.message}


class TrialInvalid(Invalid):
    """A test event that would not land, or would not be the event it tests. Nothing was sent."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{first.path}: {first.message}{more}", first.path)
        self.faults = faults


class TrialsDisabled(Conflict):
    """The flow that test events take has been disabled."""

    def __init__(self, flow_id: str) -> None:
        super().__init__(f"the flow of test events, {flow_id}, is disabled: enable it in Flow Service first")
