"""The root of every typed error. Rooms subclass it; `http/errors.py` alone turns one into a status."""


class ParcoursError(Exception):
    """Something a caller can be told. The message is a sentence a person can act on."""


class NotFound(ParcoursError):
    """A named thing does not exist in the caller's sandbox."""


class Invalid(ParcoursError):
    """Input that can't be accepted; `path` is the JSON path of the first fault, e.g. "$.name"."""

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class Unavailable(ParcoursError):
    """What this needs can't be used at the moment, such as a full disk; the same call may succeed a little later."""


class Conflict(ParcoursError):
    """The change contradicts what is stored: a name taken, a thing still in use."""


class VersionMismatch(ParcoursError):
    """`If-Match` names another version than the stored one."""
