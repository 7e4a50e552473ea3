"""What can be wrong with an action."""

from parcours.kit.errors import Conflict, Invalid, NotFound, ParcoursError


class ActionNotFound(NotFound):
    """The sandbox has no action with this uid."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no action {uid!r}")
        self.uid = uid


class ActionInvalid(Invalid):
    """The document of an action can't be accepted."""


class ActionExists(Conflict):
    """The name is taken in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"an action named {name!r} exists already in this sandbox")
        self.name = name


class ActionInUse(Conflict):
    """The change would break a journey that uses the action."""


class ActionParameterInvalid(Invalid):
    """A journey's value does not fit the action; `path` is the parameter's path, e.g. "/customer/email"."""


class TokenUnavailable(ParcoursError):
    """The token of a custom authorization could not be had."""


class CertificateNotFound(NotFound):
    """The organisation has no client certificate."""

    def __init__(self) -> None:
        super().__init__("the organisation has no client certificate")


class CertificateInvalid(Invalid):
    """What was sent is no certificate with its key."""
