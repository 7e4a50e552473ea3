"""What can be wrong with a channel configuration, or with what is asked of messages."""

from parcours.kit.errors import Conflict, Invalid, NotFound, ParcoursError


class ConfigurationNotFound(NotFound):
    """The sandbox has no channel configuration with this uid."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no channel configuration {uid!r}")


class ConfigurationInvalid(Invalid):
    """The document of a channel configuration can't be accepted."""


class ConfigurationExists(Conflict):
    """The name is taken in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a channel configuration named {name!r} exists already in this sandbox")


class ConfigurationInUse(Conflict):
    """A journey sends its messages by the configuration."""


class MessageNotFound(NotFound):
    """No such message."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no message {uid!r}")


class MessageStateConflict(Conflict):
    """What is asked of a message can't be done in its state."""


class FeedbackRefused(ParcoursError):
    """Whoever posts feedback is not the provider: no secret, another one, or an old signature."""


class MessageInvalid(Invalid):
    """What is asked of messages, or of the suppression list, can't be understood."""
