"""The nouns of the audit log."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Status = Literal["Success", "Failure", "Deny"]
"""Done; refused because of what it was; refused because of who asked."""
SYSTEM_USER = "parcours"
"""Who acts where nobody called: the worker, the first start."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call under way. The edge sets address and id, the gate adds who it is once it has let them in."""

    ip: str = ""
    """The peer's address; of a proxy, where one stands in front."""
    request_id: str = ""
    user_id: str = ""
    client_id: str = ""
    hidden: frozenset[str] = frozenset()
    """Ids of what the caller lacks an access label for."""


CALL: ContextVar[Call | None] = ContextVar("call", default=None)
"""None outside of a request."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the log. `scope_id` is the sandbox's; what concerns the organisation stands in that of `prod`."""

    scope_id: int
    action: str
    """`Create`, `Update`, `Delete`, `Publish`, …; `Read` where reading was denied."""
    asset_type: str
    """As the log shows it: `Journey`, `Journey event`, `Role`."""
    asset_id: str
    asset_name: str
    resource: str
    """Resource of the permission, such as `journeys`."""
    status: Status = "Success"
    permission: str = "WRITE"
    """Action of the permission, in capitals."""
    failure: str = ""
    """Name of the error of a failed or denied call."""
    user_id: str = ""
    """Empty when it is recorded: whoever calls, else the system."""
    client_id: str = ""
    ip: str = ""
    request_id: str = ""
    comment: str = ""
    """What was said of a request for approval."""
    at_ms: int = 0
    id: int = 0
