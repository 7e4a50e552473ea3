"""What the gateway and the token service refuse."""

from parcours.kit.errors import Conflict, Invalid, NotFound, ParcoursError


class GatewayRefused(ParcoursError):
    """A call that never reaches a service. `code` is the gateway's; its first three digits are the status."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TokenRefused(ParcoursError):
    """The token service's refusal in RFC 6749 form; `error` is e.g. "invalid_client"."""

    def __init__(self, error: str, description: str, *, is_unauthorized: bool = False) -> None:
        super().__init__(description)
        self.error = error
        self.is_unauthorized = is_unauthorized


class SandboxNotFound(NotFound):
    """The organisation has no sandbox of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no sandbox {name!r} in this organisation")
        self.name = name


class SandboxExists(Conflict):
    """The organisation has a sandbox of this name already."""


class SandboxInvalid(Invalid):
    """A sandbox document that can't be accepted."""


class SecretKeyMismatch(ParcoursError):
    """The database was written with another secret key; nobody can start over it with this one."""
