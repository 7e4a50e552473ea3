"""The nouns of delivery."""

from typing import NamedTuple

from parcours.actions.model import HttpRequest
from parcours.channels.model import Report
from parcours.journeys.model import ActionOutcome, FetchOutcome


class OutboxRow(NamedTuple):
    """A call that was committed and not yet answered."""

    id: int
    scope_id: int
    instance_id: str
    node_id: str
    pass_no: int
    version_uid: str
    action_uid: str
    idempotency_key: str
    request: HttpRequest | None
    """Without authentication; None when the stored text can't be read."""
    time_limit_us: int
    """For the whole call, retries included, counted from its first attempt."""
    created_at_us: int = 0
    """When it was committed, in microseconds since 1970."""


class Failure(NamedTuple):
    """An attempt that an endpoint did not answer itself."""

    status_code: str
    """As an outcome has it: `internalError`, `timedout`, `http_503`."""
    message: str


class ActionAnswer(NamedTuple):
    """How a call ended. Whoever takes it commits its effect and deletes the outbox row in one transaction."""

    outbox_id: int
    scope_id: int
    instance_id: str
    node_id: str
    pass_no: int
    outcome: ActionOutcome
    first_started_at_us: int
    """When the first attempt began, in microseconds since 1970."""
    message: Report | None = None
    """Of a message: what is noted of it."""
    fetched: tuple[FetchOutcome, ...] | None = None
    """Of a fetch: what came of each of its requests; `outcome` has no meaning then."""


def idempotency_key(instance_id: str, pass_no: int) -> str:
    """Names one stay of an instance at a node, the same for every attempt, across restarts.

    The pass alone says which node it is, for an instance enters one node in each pass. The key begins as the instance's
    id does, which rises with time: new keys stand together in the index.
    """
    return f"{instance_id}-{pass_no}"
