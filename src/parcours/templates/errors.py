"""What can be wrong with a template."""

from parcours.kit.errors import Conflict, Invalid, NotFound, ParcoursError


class TemplateNotFound(NotFound):
    """The sandbox has no template with this uid, or the template no such version."""

    def __init__(self, uid: str, version: int | None = None) -> None:
        super().__init__(f"no template {uid!r}" if version is None else f"template {uid!r} has no version {version}")
        self.uid = uid


class TemplateInvalid(Invalid):
    """The document of a template can't be accepted; `path` says where, `$.content.html` for instance."""


class TemplateExists(Conflict):
    """The name is taken in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a template named {name!r} exists already in this sandbox")


class TemplateInUse(Conflict):
    """A journey sends the template, or the change would break one that does."""


class RenderFailed(ParcoursError):
    """No message could be made of a template; `code` is one word for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """`templateMissingField`, `templateTooLarge`, `templateTooLong` or `templateError`."""
