"""One HTTP exchange of a provider, and what failures of the network, not of the message, come to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from parcours.actions.model import HttpRequest
from parcours.channels.model import Http, SendOutcome
from parcours.kit.errors import ParcoursError

MAX_RETRY_AFTER_S = 3_600.0


async def exchange(
    http: Http, url: str, headers: Mapping[str, str], body: bytes, secret: Mapping[str, str]
) -> Any | SendOutcome:
    """POST a body: the answer, or the outcome when none came.

    secret: headers that a redirect to another origin does not get.
    """
    bare = HttpRequest("POST", url, tuple(headers.items()), body)
    try:
        return await http.send(bare._replace(headers=(*bare.headers, *secret.items())), bare, {})
    except ParcoursError as error:
        is_final = bool(getattr(error, "is_final", False))
        return failed("unreachable", f"the provider can't be asked: {error}", is_permanent=is_final)


def failed(
    code: str, reason: str, *, is_permanent: bool = False, bounce: Any = "", retry_after_s: float | None = None
) -> SendOutcome:
    """A failed attempt."""
    return SendOutcome(
        "failed", code=code, reason=reason, is_permanent=is_permanent, bounce=bounce, retry_after_s=retry_after_s
    )


def is_passing(status: int) -> bool:
    """Whether a status is about the provider now, not about the message."""
    return status in (408, 425, 429) or status >= 500


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` asks for, at most an hour; None without one that can be read (RFC 9110 §10.2.3)."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def object_of(body: bytes | None) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        found = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
