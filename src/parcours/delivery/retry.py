"""When a failed attempt is followed by another. Source: journeys §6.5."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRIES = 3
"""After the first attempt."""
FINAL_STATUSES = frozenset({401, 403, 404})
_FIRST_DELAY_S = 0.2


def is_success(status: int) -> bool:
    """Whether an answer's status, after redirects, is no error."""
    return 200 <= status < 300


def delay_s(attempts: int, remaining_s: float, retry_after_s: float | None, jitter: float) -> float | None:
    """Seconds to wait before the next attempt; None when there is none.

    attempts: made so far. remaining_s: left of the time limit. retry_after_s: what the receiver asked for; ignored
    when it does not fit. jitter: random, from 0 up to 1, moves the delay by a quarter either way.
    """
    if attempts > MAX_RETRIES:
        return None
    delay = _FIRST_DELAY_S * 2 ** (attempts - 1) * (0.75 + 0.5 * jitter)
    if retry_after_s is not None and delay < retry_after_s < remaining_s:
        delay = retry_after_s
    return delay if delay < remaining_s else None


def read_retry_after(text: str | None, now_us: int) -> float | None:
    """Seconds from now that a `Retry-After` header asks for; None without a readable one."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() - now_us / 1e6, 0.0)
