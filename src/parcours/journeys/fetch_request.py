"""What is to be fetched as the outbox keeps it: a request whose method says that it is no call."""

from collections.abc import Sequence

import orjson

from parcours.actions.model import HttpRequest
from parcours.journeys.model import FetchRequest

METHOD = "FETCH"
"""No method of HTTP: it marks rows of the outbox that read data sources."""


def to_request(requests: Sequence[FetchRequest]) -> HttpRequest:
    """The row's request; its body names the field groups and the values, and holds no secret."""
    return HttpRequest(METHOD, "", (), orjson.dumps([tuple(request) for request in requests]))


def from_request(request: HttpRequest) -> list[FetchRequest]:
    """What `to_request` was given. Raises ValueError for what it did not write."""
    try:
        rows = orjson.loads(request.body or b"")
        return [
            FetchRequest(str(uid), str(source), str(group), dict(values), tuple(int(number) for number in numbers))
            for uid, source, group, values, numbers in rows
        ]
    except (orjson.JSONDecodeError, TypeError) as error:
        raise ValueError("the stored fetch can't be read") from error
