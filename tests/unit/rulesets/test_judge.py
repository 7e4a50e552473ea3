"""What rule sets say: caps, priority and look-ahead at an entrance; quiet hours and caps at a message."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.kit.clock import to_us
from parcours.rulesets.judge import count_entry, count_message, judge_message, refuse_entry
from parcours.rulesets.ledger import Ledger, person_of
from parcours.rulesets.model import QuietHours, QuietPeriod, Refusal, Rule, RuleSet, Verdict, channel_of
from parcours.rulesets.windows import DAY_US, HOUR_US, window_at

NOW_US = to_us(datetime(2026, 11, 25, 12, tzinfo=UTC))  # a Wednesday
JANE = person_of("email", "jane@example.com")
UTC_ZONE = ZoneInfo("UTC")


def entry_cap(limit: int, period: str = "day", every: int = 1) -> Rule:
    return Rule("s/entries", "entries", "Entries", "entryCap", limit, period, every)  # type: ignore[arg-type]


def concurrency_cap(limit: int, look_ahead_days: int = 0) -> Rule:
    return Rule("s/inside", "inside", "Inside", "concurrencyCap", limit, look_ahead_days=look_ahead_days)


def journey_set(*rules: Rule) -> RuleSet:
    return RuleSet("s", "Journeys", "journey", False, rules)


def ask(
    rule_set: RuleSet, ledger: Ledger, *, inside: int = 0, reserved: int = 0, arbitrated: int = 0, at_us: int = NOW_US
) -> str | None:
    found = refuse_entry(
        (rule_set,), 1, JANE, ledger, at_us,
        inside=lambda _set: inside, reserved=lambda _set, _until: reserved, arbitrated={"s": arbitrated},
    )  # fmt: skip
    return None if found is None else found.reason


def test_a_cap_lets_so_many_in_and_the_next_window_begins_anew() -> None:
    ledger, rule_set = Ledger(), journey_set(entry_cap(2))
    for _ in range(2):
        assert ask(rule_set, ledger) is None
        count_entry((rule_set,), 1, JANE, ledger, NOW_US)
    assert ask(rule_set, ledger) == "CAP_REACHED"
    midnight_us = window_at("day", 1, NOW_US).end_us
    assert ask(rule_set, ledger, at_us=midnight_us - 1) == "CAP_REACHED"
    assert ask(rule_set, ledger, at_us=midnight_us) is None


def test_counts_are_of_one_individual_in_one_sandbox() -> None:
    ledger, rule_set = Ledger(), journey_set(entry_cap(1))
    count_entry((rule_set,), 1, person_of("email", "joe@example.com"), ledger, NOW_US)
    count_entry((rule_set,), 2, JANE, ledger, NOW_US)
    assert ask(rule_set, ledger) is None


def test_simultaneous_journeys_are_those_the_individual_is_in_now() -> None:
    assert ask(journey_set(concurrency_cap(2)), Ledger(), inside=1) is None
    assert ask(journey_set(concurrency_cap(2)), Ledger(), inside=2) == "CAP_REACHED"


@pytest.mark.parametrize("rule", [entry_cap(1), concurrency_cap(1)], ids=["entry", "concurrency"])
def test_who_comes_second_in_one_event_gave_way_to_a_higher_priority(rule: Rule) -> None:
    ledger, rule_set = Ledger(), journey_set(rule)
    count_entry((rule_set,), 1, JANE, ledger, NOW_US)
    assert ask(rule_set, ledger, inside=1, arbitrated=1) == "LOWER_PRIORITY"
    assert ask(rule_set, ledger, inside=1) == "CAP_REACHED"


def test_a_cap_that_was_full_before_the_event_is_no_matter_of_priority() -> None:
    assert ask(journey_set(concurrency_cap(2)), Ledger(), inside=4, arbitrated=1) == "CAP_REACHED"


def test_room_is_kept_for_what_is_scheduled_with_a_higher_priority() -> None:
    rule_set = journey_set(entry_cap(2))
    assert ask(rule_set, Ledger(), reserved=1) is None
    assert ask(rule_set, Ledger(), reserved=2) == "LOWER_PRIORITY"


def test_an_entry_cap_looks_to_the_end_of_its_window_and_a_concurrency_cap_as_far_as_it_says() -> None:
    asked: list[int] = []

    def reserved(_rule_set: RuleSet, until_us: int) -> int:
        asked.append(until_us)
        return 0

    rules = (entry_cap(5, "week"), concurrency_cap(5, look_ahead_days=7), concurrency_cap(5))
    sets = (journey_set(*rules),)
    refuse_entry(sets, 1, JANE, Ledger(), NOW_US, inside=lambda _: 0, reserved=reserved, arbitrated={})
    today_us = window_at("day", 1, NOW_US).start_us
    assert asked == [window_at("week", 1, NOW_US).end_us, today_us + 7 * DAY_US]


def frequency_cap(limit: int, *channels: str, period: str = "day") -> Rule:
    return Rule("c/often", "often", "Often", "frequencyCap", limit, period, 1, frozenset(channels))  # type: ignore[arg-type]


def quiet(*, queues: bool = True, zone: ZoneInfo | None = UTC_ZONE, days: range = range(7), end: str = "13:00") -> Rule:
    period = QuietPeriod(frozenset(days), None, None, time(11), time.fromisoformat(end))
    hours = QuietHours((period,), zone, queues)
    return Rule("c/quiet", "quiet", "Quiet", "quietHours", channels=frozenset({"email"}), quiet=hours)


def channel_set(*rules: Rule) -> RuleSet:
    return RuleSet("c", "Promotions", "channel", False, rules)


def judge(
    rule_set: RuleSet, ledger: Ledger, channel: str = "email", *, at_us: int = NOW_US, since_us: int | None = None,
    zone: ZoneInfo | None = None,
) -> Verdict:  # fmt: skip
    return judge_message(
        (rule_set,), channel, 1, JANE, ledger, at_us, queued_since_us=since_us, own_zone=lambda: zone
    )  # fmt: skip


def test_channels_of_one_rule_are_counted_together_and_others_are_free() -> None:
    ledger, rule_set = Ledger(), channel_set(frequency_cap(2, "email", "sms"))
    for channel in ("email", "sms"):
        assert judge(rule_set, ledger, channel).outcome == "send"
        count_message((rule_set,), channel, 1, JANE, ledger, NOW_US)
    count_message((rule_set,), "push", 1, JANE, ledger, NOW_US)
    verdict = judge(rule_set, ledger)
    assert (verdict.outcome, verdict.refusal and verdict.refusal.reason) == ("skip", "CAP_REACHED")
    assert verdict.refusal is not None
    assert verdict.refusal.to_json() == {
        "ID": "c", "name": "Promotions", "rejectedRules": [{"ID": "often", "name": "Often"}],
    }  # fmt: skip
    assert judge(rule_set, ledger, "push").outcome == "send"


def test_a_message_that_could_not_be_made_is_not_counted() -> None:
    ledger, rule_set = Ledger(), channel_set(frequency_cap(1, "email"))
    count_message((rule_set,), "email", 1, JANE, ledger, NOW_US)
    count_message((rule_set,), "email", 1, JANE, ledger, NOW_US, -1)
    assert judge(rule_set, ledger).outcome == "send"
    assert ledger.added == {}


def test_in_quiet_hours_a_message_waits_for_their_end_or_is_discarded() -> None:
    end_us = NOW_US + HOUR_US
    held = judge(channel_set(quiet()), Ledger())
    assert held[:2] == ("hold", end_us)
    assert judge(channel_set(quiet()), Ledger(), at_us=end_us, since_us=NOW_US).outcome == "send"
    gone = judge(channel_set(quiet(), quiet(queues=False)), Ledger())
    assert (gone.outcome, gone.refusal and gone.refusal.reason) == ("discard", "quietHours")


def test_caps_are_asked_when_quiet_hours_are_over() -> None:
    ledger, rule_set = Ledger(), channel_set(quiet(), frequency_cap(1, "email"))
    count_message((rule_set,), "email", 1, JANE, ledger, NOW_US)
    assert judge(rule_set, ledger).outcome == "hold"
    assert judge(rule_set, ledger, at_us=NOW_US + HOUR_US, since_us=NOW_US).outcome == "skip"


def test_the_quiet_of_two_rules_is_one() -> None:
    night = QuietPeriod(frozenset(range(7)), None, None, time(13), time(15))
    hours = QuietHours((night,), UTC_ZONE, True)
    later = Rule("c/l", "l", "L", "quietHours", channels=frozenset({"email"}), quiet=hours)
    assert judge(channel_set(quiet(), later), Ledger())[:2] == ("hold", NOW_US + 3 * HOUR_US)


def test_an_individuals_own_clock_counts_and_who_has_none_has_no_quiet() -> None:
    rule_set = channel_set(quiet(zone=None))
    assert judge(rule_set, Ledger()).outcome == "send"
    assert judge(rule_set, Ledger(), zone=UTC_ZONE).outcome == "hold"
    assert judge(rule_set, Ledger(), zone=ZoneInfo("Asia/Tokyo")).outcome == "send"


def test_a_message_is_queued_for_seven_days_at_most() -> None:
    always = QuietPeriod(frozenset(range(7)), None, None, time(0), None)
    hours = QuietHours((always,), UTC_ZONE, True)
    rule = Rule("c/a", "a", "A", "quietHours", channels=frozenset({"email"}), quiet=hours)
    held = judge(channel_set(rule), Ledger())
    assert held[:2] == ("hold", NOW_US + 7 * DAY_US)
    gone = judge(channel_set(rule), Ledger(), at_us=held.until_us, since_us=NOW_US)
    assert (gone.outcome, gone.refusal and gone.refusal.reason) == ("discard", "forcedDiscardDueToQuietHours")
    ended = channel_set(quiet())
    assert judge(ended, Ledger(), at_us=NOW_US + 7 * DAY_US + HOUR_US, since_us=NOW_US).outcome == "send"


@given(st.lists(st.integers(0, 40 * 24), min_size=1, max_size=60), st.integers(1, 4), st.sampled_from(["day", "week"]))
def test_no_window_ever_holds_more_than_the_cap(hours: list[int], limit: int, period: str) -> None:
    ledger, rule_set = Ledger(), channel_set(frequency_cap(limit, "email", period=period))
    sent: dict[int, int] = {}
    wanted: dict[int, int] = {}
    for hour in sorted(hours):
        at_us = NOW_US + hour * HOUR_US
        start_us = window_at(period, 1, at_us).start_us  # type: ignore[arg-type]
        wanted[start_us] = wanted.get(start_us, 0) + 1
        if judge(rule_set, ledger, at_us=at_us).outcome == "send":
            count_message((rule_set,), "email", 1, JANE, ledger, at_us)
            sent[start_us] = sent.get(start_us, 0) + 1
    assert sent == {start_us: min(number, limit) for start_us, number in wanted.items()}


def test_channels_are_known_however_they_are_spelled() -> None:
    spelled = ("Email", "SMS", "Push notification", "direct mail", "WhatsApp", "Mobile message", "fax", "")
    assert [channel_of(text) for text in spelled] == [
        "email", "sms", "push", "directMail", "whatsApp", "sms", None, None,
    ]  # fmt: skip


def test_a_refusal_names_its_rule() -> None:
    rule = entry_cap(1)
    refusal = Refusal("CAP_REACHED", journey_set(rule), rule)
    assert refusal.to_json()["rejectedRules"] == [{"ID": "entries", "name": "Entries"}]
