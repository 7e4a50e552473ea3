"""What can be wrong with an event configuration."""

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


class EventExists(Conflict):
    """The name is taken in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"an event named {name!r} exists already in this sandbox")
        self.name = name


class EventInUse(Conflict):
    """The change would break a journey that uses the event."""
