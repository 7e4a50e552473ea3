"""The nouns: a rule set and its rules, ready to be asked. All immutable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

Domain = Literal["journey", "channel"]
State = Literal["draft", "active", "inactive"]
Period = Literal["hour", "day", "week", "month"]
RuleType = Literal["entryCap", "concurrencyCap", "frequencyCap", "quietHours"]

DOMAINS: tuple[Domain, ...] = ("journey", "channel")
MAX_EVERY: Mapping[Period, int] = {"hour": 23, "day": 30, "week": 4, "month": 3}
"""Most periods in one window. Source: journeys §11."""
CHANNELS = ("email", "sms", "push", "directMail", "whatsApp")
_CHANNEL_WORDS: Mapping[str, str] = {
    **{channel.lower(): channel for channel in CHANNELS},
    "mobilemessage": "sms",
    "pushnotification": "push",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

CAP_REACHED = "CAP_REACHED"
LOWER_PRIORITY = "LOWER_PRIORITY"
QUIET_HOURS = "quietHours"
FORCED_DISCARD = "forcedDiscardDueToQuietHours"
MESSAGE_REFUSED = "businessRuleProfileDiscarded"
"""`actionExecutionError` of a message that a rule refused (journeys §13.1)."""


def channel_of(text: str) -> str | None:
    """One of CHANNELS, however an action spells it (`Email`, `Push notification`); None for what is none of them."""
    return _CHANNEL_WORDS.get("".join(letter for letter in text.lower() if letter.isalnum()))


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """One stretch of time, on the days it begins."""

    weekdays: frozenset[int]
    """0: Monday; empty when dates are given."""
    first: date | None
    last: date | None
    start: time
    end: time | None
    """None: the end of the day. Not after `start`: on the day after."""

    def begins_on(self, day: date) -> bool:
        """Whether the stretch begins on this day."""
        if self.first is not None and self.last is not None:
            return self.first <= day <= self.last
        return day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When no message is sent, and what becomes of one that is due then."""

    periods: tuple[QuietPeriod, ...]
    zone: ZoneInfo | None
    """None: the individual's own; nothing is quiet for who has none."""
    is_queueing: bool
    """Whether a message waits for the end, rather than being discarded."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One active rule."""

    key: str
    """What its counts are kept under: that of the set and its own id."""
    id: str
    name: str
    type: RuleType
    limit: int = 0
    period: Period = "day"
    every: int = 1
    """Of a cap: how many periods make a window."""
    channels: frozenset[str] = frozenset()
    """Of the channel domain: what the rule is about; several are counted together."""
    look_ahead_days: int = 0
    """Of a concurrency cap: for how long a scheduled journey of higher priority keeps its place; 0: not at all."""
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """An active set, with its active rules."""

    uid: str
    name: str
    domain: Domain
    is_global: bool
    rules: tuple[Rule, ...]

    @property
    def looks_at_time_zones(self) -> bool:
        """Whether a rule asks for an individual's time zone."""
        return any(rule.quiet is not None and rule.quiet.zone is None for rule in self.rules)


class Refusal(NamedTuple):
    """Why somebody does not enter, or gets no message."""

    reason: str
    """`CAP_REACHED`, `LOWER_PRIORITY`, `quietHours` or `forcedDiscardDueToQuietHours`."""
    rule_set: RuleSet
    rule: Rule

    def to_json(self) -> dict[str, Any]:
        """As `rejectedRuleset` of the dispatcher tells it (journeys §13.1)."""
        rule = {"ID": self.rule.id, "name": self.rule.name}
        return {"ID": self.rule_set.uid, "name": self.rule_set.name, "rejectedRules": [rule]}


class Verdict(NamedTuple):
    """What becomes of a message."""

    outcome: Literal["send", "skip", "hold", "discard"]
    """`skip`: the individual goes on without it; `discard`: they leave the journey (quiet hours that discard)."""
    until_us: int = 0
    """Of `hold`: when to ask again."""
    refusal: Refusal | None = None
    """Of all but `send`: what stands against it."""


SEND = Verdict("send")
