"""What rule sets say of an entrance or a message: pure, the same in production and in a simulated world."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from parcours.rulesets.ledger import Ledger, place_of
from parcours.rulesets.model import (
    CAP_REACHED,
    FORCED_DISCARD,
    LOWER_PRIORITY,
    QUIET_HOURS,
    SEND,
    Refusal,
    Rule,
    RuleSet,
    Verdict,
)
from parcours.rulesets.quiet import MAX_QUEUED_US, quiet_until
from parcours.rulesets.windows import DAY_US, window_at


def refuse_entry(
    sets: Sequence[RuleSet],
    scope_id: int,
    person: str,
    ledger: Ledger,
    now_us: int,
    *,
    inside: Callable[[RuleSet], int],
    reserved: Callable[[RuleSet, int], int],
    arbitrated: Mapping[str, int],
) -> Refusal | None:
    """Why an individual may not enter a journey; None when they may. Source: journeys §11.

    sets: of the journey domain, those that apply to it.
    inside: in how many journeys of a set they are now.
    reserved: for how many journeys of a set, scheduled before a moment and of higher priority, room is kept.
    arbitrated: by the uid of a set, how many journeys of it the same event let them enter before: each of these had
    precedence, so that a cap which it filled is a matter of priority.
    """
    for rule_set in sets:
        for rule in rule_set.rules:
            if rule.type == "entryCap":
                used = ledger.count(place_of(rule, scope_id, person, now_us))
                ahead_us = window_at(rule.period, rule.every, now_us).end_us
            else:
                used = inside(rule_set)
                ahead_us = now_us - now_us % DAY_US + rule.look_ahead_days * DAY_US if rule.look_ahead_days else 0
            room = rule.limit - used
            if room <= 0:
                had_room = room + arbitrated.get(rule_set.uid, 0) > 0
                return Refusal(LOWER_PRIORITY if had_room else CAP_REACHED, rule_set, rule)
            if ahead_us and reserved(rule_set, ahead_us) >= room:
                return Refusal(LOWER_PRIORITY, rule_set, rule)
    return None


def count_entry(sets: Sequence[RuleSet], scope_id: int, person: str, ledger: Ledger, now_us: int) -> None:
    """An individual has entered."""
    for rule_set in sets:
        for rule in rule_set.rules:
            if rule.type == "entryCap":
                ledger.add(place_of(rule, scope_id, person, now_us))


def judge_message(
    sets: Sequence[RuleSet],
    channel: str,
    scope_id: int,
    person: str,
    ledger: Ledger,
    now_us: int,
    *,
    queued_since_us: int | None,
    own_zone: Callable[[], ZoneInfo | None],
) -> Verdict:
    """What becomes of a message. One that is sent is not counted yet: see `count_message`. Source: journeys §11.

    sets: of the channel domain, those that apply to it. Quiet hours are looked at first: caps are asked when a message
    that was queued is due. queued_since_us: None for one that was not. own_zone: of the individual.
    """
    rules = [(s, rule) for s in sets for rule in s.rules if channel in rule.channels]
    verdict = _hush([(s, rule) for s, rule in rules if rule.quiet is not None], now_us, queued_since_us, own_zone)
    if verdict is not None:
        return verdict
    for rule_set, rule in rules:
        if rule.type == "frequencyCap" and ledger.count(place_of(rule, scope_id, person, now_us)) >= rule.limit:
            return Verdict("skip", 0, Refusal(CAP_REACHED, rule_set, rule))
    return SEND


def count_message(
    sets: Sequence[RuleSet], channel: str, scope_id: int, person: str, ledger: Ledger, at_us: int, number: int = 1
) -> None:
    """A message is sent; with -1, one that was counted at that moment could not be."""
    for rule_set in sets:
        for rule in rule_set.rules:
            if rule.type == "frequencyCap" and channel in rule.channels:
                ledger.add(place_of(rule, scope_id, person, at_us), number)


def _hush(
    rules: Sequence[tuple[RuleSet, Rule]],
    now_us: int,
    queued_since_us: int | None,
    own_zone: Callable[[], ZoneInfo | None],
) -> Verdict | None:
    """What quiet hours make of a message; None when it is not quiet."""
    ends: list[tuple[RuleSet, Rule, ZoneInfo]] = []
    first: Refusal | None = None
    for rule_set, rule in rules:
        quiet = rule.quiet
        assert quiet is not None
        zone = quiet.zone or own_zone()
        if zone is None:
            continue
        if not quiet.is_queueing:
            if quiet_until(quiet, zone, now_us) is not None:
                return Verdict("discard", 0, Refusal(QUIET_HOURS, rule_set, rule))
            continue
        ends.append((rule_set, rule, zone))
    until_us, is_longer = now_us, True
    latest_us = (now_us if queued_since_us is None else queued_since_us) + MAX_QUEUED_US
    while is_longer and until_us < latest_us:  # the end of one may lie in the quiet of another
        is_longer = False
        for rule_set, rule, zone in ends:
            assert rule.quiet is not None
            end_us = quiet_until(rule.quiet, zone, until_us)
            if end_us is not None:
                until_us, is_longer = end_us, True
                first = first or Refusal(QUIET_HOURS, rule_set, rule)
    if first is None and latest_us <= now_us:
        first = next(
            (
                Refusal(QUIET_HOURS, rule_set, rule)
                for rule_set, rule, zone in ends
                if rule.quiet is not None and quiet_until(rule.quiet, zone, now_us) is not None
            ),
            None,
        )
    if first is None:
        return None
    if latest_us <= now_us:
        return Verdict("discard", 0, first._replace(reason=FORCED_DISCARD))
    return Verdict("hold", min(until_us, latest_us), first)
