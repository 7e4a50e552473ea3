"""The nouns of access."""

from dataclasses import dataclass

from parcours.resources.store import Author


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A partition of everything. `scope_id` leads every key of its data."""

    scope_id: int
    id: str
    org_id: str
    tenant: str
    """Tenant id of the organisation: custom fields live under `_{tenant}`."""
    name: str
    title: str
    type: str
    """`production` or `development`."""
    state: str
    """`active`, or `deleted`: then nothing of it can be reached again."""
    created_at_ms: int
    updated_at_ms: int = 0
    created_by: str = ""
    updated_by: str = ""
    version: int = 0
    """One more at each change; the sandbox API calls it `eTag`."""

    @property
    def is_default(self) -> bool:
        """Whether calls without `x-sandbox-name` land here."""
        return self.name == "prod"


@dataclass(frozen=True, slots=True)
class Caller:
    """A request that passed the gateway: who, from which organisation, in which sandbox."""

    client_id: str
    user_id: str
    sandbox: Sandbox
    permissions: frozenset[str] = frozenset()
    """Low-level permissions held in this sandbox."""
    labels: frozenset[str] = frozenset()
    """Access labels whose objects the caller sees; `*` for all."""
    subject: str = ""
    """Whom roles name: the client, or a user. Empty where nobody asks."""

    def may(self, permission: str) -> bool:
        """Whether the caller holds a low-level permission, such as `journeys.publish`, in this sandbox."""
        return permission in self.permissions

    @property
    def scope_id(self) -> int:
        """The scope of the sandbox the call is for."""
        return self.sandbox.scope_id

    @property
    def org_id(self) -> str:
        """The organisation the token is entitled for."""
        return self.sandbox.org_id

    @property
    def author(self) -> Author:
        """The caller as audit fields show it."""
        return Author(user_id=self.user_id, client_id=self.client_id)
