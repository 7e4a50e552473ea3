"""The hour in which a message is most likely to be opened or clicked, as far as what became of earlier ones tells.

Source: Adobe Journey Optimizer, send-time optimization (hours of the week, everybody and the individual weighed
together, one in twenty sent in an hour drawn at random); the weights are ours (ADR 0029).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from parcours.kit.clock import to_datetime

HOUR_US = 3_600_000_000
EXPLORATION = 0.05
"""Share of individuals that get an hour drawn among all, so that every hour goes on being known."""
AN_HOURS_WEIGHT = 100
"""For how many messages the rate of all hours stands in that of one hour of the week."""
EVERYBODYS_WEIGHT = 5
"""For how many messages the rate of everybody stands in that of an individual."""
Counts = Mapping[int, tuple[int, int]]
"""Hour of the week → (messages, how many of them were a success)."""
UNKNOWN: Counts = {}
"""Of no message."""


class Choice(NamedTuple):
    """When a message is sent."""

    at_us: int
    """Not before now; now where no later hour is better."""
    is_explored: bool
    """Whether the hour was drawn."""
    score: float
    """How likely a success is then, 0 to 1."""
    score_now: float
    hours: int
    """Among how many it was chosen."""
    own_sends: int
    """Messages to the individual that count."""

    def to_json(self) -> dict[str, Any]:
        """As a step event tells it."""
        return {
            "explored": self.is_explored,
            "score": round(self.score, 4),
            "scoreNow": round(self.score_now, 4),
            "hours": self.hours,
            "messagesKnown": self.own_sends,
        }


def choose(now_us: int, until_us: int, zone: ZoneInfo, everyone: Counts, own: Counts, drawn: float) -> Choice:
    """The best of the hours from now up to a moment, the earliest of equal ones.

    zone: the individual's. drawn: from 0 up to 1, another one for each message.
    """
    moments = _moments(now_us, until_us, zone)
    sent, succeeded = (sum(counts[i] for counts in everyone.values()) for i in (0, 1))
    rate = succeeded / sent if sent else 0.0
    scores = [_score(_hour_of_week(at_us, zone), rate, everyone, own) for at_us in moments]
    best = max(range(len(moments)), key=lambda i: (scores[i], -i))
    is_explored = drawn < EXPLORATION and len(moments) > 1
    if is_explored:
        best = min(int(drawn / EXPLORATION * len(moments)), len(moments) - 1)
    own_sends = sum(sends for sends, _ in own.values())
    return Choice(moments[best], is_explored, scores[best], scores[0], len(moments), own_sends)


def _score(hour: int, rate: float, everyone: Counts, own: Counts) -> float:
    """How likely a success is in an hour of the week: the mean of a beta distribution whose prior is everybody's."""
    sent, succeeded = everyone.get(hour, (0, 0))
    prior = (succeeded + AN_HOURS_WEIGHT * rate) / (sent + AN_HOURS_WEIGHT)
    own_sent, own_succeeded = own.get(hour, (0, 0))
    return (own_succeeded + EVERYBODYS_WEIGHT * prior) / (own_sent + EVERYBODYS_WEIGHT)


def _moments(now_us: int, until_us: int, zone: ZoneInfo) -> list[int]:
    """Now, and the beginning of each hour on the individual's clock up to a moment, itself included."""
    local = to_datetime(now_us).astimezone(zone)
    passed_us = (local.minute * 60 + local.second) * 1_000_000 + local.microsecond
    first_us = now_us - passed_us + HOUR_US
    return [now_us, *range(first_us, until_us + 1, HOUR_US)]


def _hour_of_week(at_us: int, zone: ZoneInfo) -> int:
    local = to_datetime(at_us).astimezone(zone)
    return local.weekday() * 24 + local.hour


def offset_s(at_us: int, zone: ZoneInfo) -> int:
    """How far a zone's clock is ahead of UTC."""
    ahead: timedelta | None = to_datetime(at_us).astimezone(zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())
