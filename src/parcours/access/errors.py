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


class PermissionDenied(ParcoursError):
    """The caller's roles lack a permission. `path` is set where one member of a document needs it."""

    title = "Permission denied"
    code = "2118-403"
    """Flow Service's."""
    number = "1403"

    def __init__(self, permission: str, sandbox: str, reason: str = "", path: str | None = None) -> None:
        """sandbox: name of the one it is missing in; `*` where it is needed in all of them."""
        place = "every sandbox" if sandbox == "*" else f"sandbox {sandbox!r}"
        super().__init__(f"{reason + ': ' if reason else ''}the permission {permission} is needed in {place}")
        self.permission = permission
        self.sandbox = sandbox
        self.path = path


class RoleNotFound(NotFound):
    """The organisation has no role with this id."""

    def __init__(self, role_id: str) -> None:
        super().__init__(f"no role {role_id!r}")


class RoleInvalid(Invalid):
    """A role's document, or a change of its subjects, that can't be accepted."""


class RoleExists(Conflict):
    """The organisation has a role of this name already."""


class RoleReadOnly(Conflict):
    """A ready-made role stays as it is; only who has it can be changed."""


class LastAdministrator(Conflict):
    """Nobody would be left who could give access back."""

    def __init__(self) -> None:
        super().__init__("the organisation would have no administrator left")


class LabelsInvalid(Invalid):
    """Access labels that can't be put on an object."""


class CredentialNotFound(NotFound):
    """The organisation has no credential with this client id."""

    def __init__(self, client_id: str) -> None:
        super().__init__(f"no credential {client_id!r}")


class CredentialExists(Conflict):
    """The client id is taken."""


class CredentialInvalid(Invalid):
    """A credential that can't be accepted."""


class UserNotFound(NotFound):
    """The organisation has no user with this id."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"no user {user_id!r}")


class UserExists(Conflict):
    """The e-mail address is another user's, or the user is in the organisation already."""


class UserInvalid(Invalid):
    """A user's document, or a password, that can't be accepted."""


class UserElsewhere(Conflict):
    """The user's own organisation alone may change this."""


class SetupDone(Conflict):
    """There are users already: they invite others."""


class SessionNotFound(NotFound):
    """The user has no session with this id."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"no session {session_id!r}")


class LinkStale(ParcoursError):
    """A one-time link that was used, replaced, or is too old."""


class SignInNeeded(ParcoursError):
    """Nobody is signed in. `setup_needed`: there is no user yet; `oidc`: {"name", "url"} of a provider, or None."""

    def __init__(self, message: str, setup_needed: bool = False, oidc: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.setup_needed = setup_needed
        self.oidc = oidc


class SignInRefused(ParcoursError):
    """The e-mail address and the password are no user's, or the user may not sign in; which of it isn't told."""

    def __init__(self) -> None:
        super().__init__("e-mail address or password is wrong")


class TooManyAttempts(ParcoursError):
    """Too many failures in a row, of an account or from an address."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many failed attempts: try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class OidcNotConfigured(NotFound):
    """The settings name no OpenID provider."""

    def __init__(self) -> None:
        super().__init__("no OpenID provider is set up: PARCOURS_OIDC_ISSUER and PARCOURS_OIDC_CLIENT_ID are empty")


class OidcFailed(ParcoursError):
    """The identity provider's answer can't be trusted, or lets nobody in that is known here."""
