"""Send-time optimisation: which hour is chosen, and how a message waits for it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journey_world import IDENTITY, NOW_US, SECOND_US, WORLD, compiled, document, entered, states, through_storage

from parcours.doctor.model import Waiting
from parcours.doctor.rules import recall_timer
from parcours.journeys.activities.message import reply_to
from parcours.journeys.check import check_shape
from parcours.journeys.compile import examine
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.engine import advance
from parcours.journeys.model import (
    CancelTimer,
    ChooseTime,
    DataFetched,
    EventReceived,
    FetchData,
    FetchOutcome,
    MessageReply,
    Replied,
    Resumed,
    SendMessage,
    StartTimer,
    Stopped,
    TakeMessage,
    TimerDue,
    TimeReply,
    Transition,
)
from parcours.journeys.paths_check import check_ways
from parcours.journeys.send_time import EXPLORATION, UNKNOWN, Choice, choose, offset_s
from parcours.rulesets.model import SEND, Refusal, Rule, RuleSet, Verdict

UTC_ZONE = ZoneInfo("UTC")
PARIS = ZoneInfo("Europe/Paris")
HOUR_US = 3_600 * SECOND_US
NOT_DRAWN = 0.5


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US


NINE_US = at("2026-11-30T09:00:00")  # a Monday


def week(day: int, hour: int) -> int:
    return day * 24 + hour


def chosen(
    now_us: int, hours: int, everyone: Mapping[int, tuple[int, int]], own: Mapping[int, tuple[int, int]] = UNKNOWN,
    drawn: float = NOT_DRAWN, zone: ZoneInfo = UTC_ZONE,
) -> Choice:  # fmt: skip
    return choose(now_us, now_us + hours * HOUR_US, zone, everyone, own, drawn)


# --- which hour ---


def test_both_ends_of_the_hours_allowed_count() -> None:
    everyone = {week(0, hour): (1_000, 100) for hour in range(24)}
    for hour in (9, 10, 11, 12):
        better = {**everyone, week(0, hour): (1_000, 300)}
        choice = chosen(NINE_US, 3, better)
        assert (choice.at_us, choice.hours) == (NINE_US + (hour - 9) * HOUR_US, 4)
    assert chosen(NINE_US, 3, {**everyone, week(0, 13): (1_000, 900)}).at_us == NINE_US


def test_within_an_hour_now_and_the_beginnings_of_those_that_follow_are_offered() -> None:
    now_us = at("2026-11-30T09:20:30")
    later = {week(0, hour): (1_000, hour) for hour in range(24)}
    assert chosen(now_us, 3, later).at_us == at("2026-11-30T12:00:00")
    assert chosen(now_us, 3, later).hours == 4
    best_now = {**later, week(0, 9): (1_000, 900)}
    assert chosen(now_us, 3, best_now).at_us == now_us


def test_hours_are_those_of_the_individuals_clock() -> None:
    everyone = {week(0, 12): (1_000, 900), **{week(0, hour): (1_000, 10) for hour in range(24) if hour != 12}}
    assert chosen(NINE_US, 6, everyone).at_us == at("2026-11-30T12:00:00")
    assert chosen(NINE_US, 6, everyone, zone=PARIS).at_us == at("2026-11-30T11:00:00")
    kolkata = ZoneInfo("Asia/Kolkata")  # half an hour apart from whole ones
    noon = {week(1, 12): (1_000, 900), week(1, 11): (1_000, 10)}
    assert chosen(NINE_US, 24, noon, zone=kolkata).at_us == at("2026-12-01T06:30:00")


def test_the_clocks_change_between() -> None:
    night_us = at("2026-10-25T00:30:00")  # at 01:00 UTC clocks in Paris go from 03:00 back to 02:00
    everyone = {week(6, 4): (1_000, 900), **{week(6, hour): (1_000, 10) for hour in (2, 3, 5)}}
    assert chosen(night_us, 5, everyone, zone=PARIS).at_us == at("2026-10-25T03:00:00")


def test_a_few_messages_weigh_less_than_those_of_everybody_and_many_weigh_more() -> None:
    everyone = {week(0, 10): (1_000, 300), week(0, 20): (1_000, 200)}
    assert chosen(NINE_US, 12, everyone, {week(0, 20): (1, 1), week(0, 10): (1, 1)}).at_us == at("2026-11-30T10:00:00")
    often = {week(0, 20): (16, 12), week(0, 10): (16, 1)}
    choice = chosen(NINE_US, 12, everyone, often)
    assert choice.at_us == at("2026-11-30T20:00:00")
    assert choice.own_sends == 32
    assert choice.score > 0.5 > choice.score_now


def test_one_lucky_message_does_not_make_the_hour_of_everybody() -> None:
    everyone = {week(0, 3): (1, 1), week(0, 10): (5_000, 1_500), week(0, 9): (5_000, 1_000)}
    later_us = at("2026-11-30T00:00:00")
    assert chosen(later_us, 12, everyone).at_us == later_us + 10 * HOUR_US


def test_of_nothing_known_and_of_equal_hours_now_is_the_best() -> None:
    assert chosen(NINE_US, 168, UNKNOWN).at_us == NINE_US
    choice = chosen(NINE_US, 168, dict.fromkeys(range(168), (100, 30)))
    assert (choice.at_us, choice.hours) == (NINE_US, 169)
    assert chosen(NINE_US, 168, dict.fromkeys(range(168), (100, 0))).score == 0


def test_one_in_twenty_gets_an_hour_drawn_evenly() -> None:
    everyone = {week(0, 10): (1_000, 900), week(0, 9): (1_000, 100)}
    drawn = [chosen(NINE_US, 3, everyone, drawn=(n + 0.5) / 2_000) for n in range(2_000)]
    explored = [choice for choice in drawn if choice.is_explored]
    assert len(explored) == round(EXPLORATION * 2_000)
    hours = [sum(choice.at_us == NINE_US + n * HOUR_US for choice in explored) for n in range(4)]
    assert hours == [25, 25, 25, 25]
    assert {choice.at_us for choice in drawn if not choice.is_explored} == {NINE_US + HOUR_US}
    assert chosen(NINE_US, 3, everyone, drawn=math.nextafter(EXPLORATION, 0)).at_us == NINE_US + 3 * HOUR_US


@given(
    st.integers(at("2026-01-01T00:00:00"), at("2027-01-01T00:00:00")),
    st.integers(0, 168),
    st.sampled_from(["UTC", "Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]),
    st.dictionaries(st.integers(0, 167), st.tuples(st.integers(0, 50), st.integers(0, 50))),
    st.floats(0, 1, exclude_max=True),
)
def test_whatever_is_known_the_moment_is_allowed_and_no_other_is_better(
    now_us: int, hours: int, zone: str, counts: dict[int, tuple[int, int]], drawn: float
) -> None:
    everyone = {hour: (max(pair), min(pair)) for hour, pair in counts.items()}
    choice = chosen(now_us, hours, everyone, UNKNOWN, drawn, ZoneInfo(zone))
    assert now_us <= choice.at_us <= now_us + hours * HOUR_US
    assert 0 <= choice.score <= 1
    assert choice.is_explored or choice.score >= choice.score_now
    local = datetime.fromtimestamp(choice.at_us / 1e6, ZoneInfo(zone))
    assert choice.at_us == now_us or zone == "Australia/Lord_Howe" or (local.minute, local.second) == (0, 0)


def test_how_far_a_clock_is_ahead() -> None:
    assert offset_s(NINE_US, PARIS) == 3_600
    assert offset_s(at("2026-07-01T00:00:00"), PARIS) == 7_200
    assert offset_s(NINE_US, ZoneInfo("America/St_Johns")) == -12_600


# --- the node ---


def mailing(channel: str = "email", within_hours: int = 24, **members: Any) -> CompiledJourney:
    mail = {
        "type": "message", "channel": channel, "templateUid": "t1", "ruleSet": "c", "parameters": [],
        "sendTimeOptimization": {"optimizeFor": "opens", "withinHours": within_hours},
        **members.pop("node", {}),
    }  # fmt: skip
    return compiled(document({"m": mail, "e": {"type": "end"}}, ("start", "m"), ("m", "e"), **members))


JOURNEY = mailing(exitCriteria=[{"id": "x", "eventUid": "e2"}])
LATER_US = NOW_US + 5 * HOUR_US


def only(transition: Transition, kind: type) -> Any:
    (command,) = [one for one in transition.commands if isinstance(one, kind)]
    return command


def none(transition: Transition, *kinds: type) -> bool:
    return not any(isinstance(one, kinds) for one in transition.commands)


def told(journey: CompiledJourney, transition: Transition, at_us: int = LATER_US, now_us: int = NOW_US) -> Transition:
    command = only(transition, ChooseTime)
    reply = TimeReply(Choice(at_us, False, 0.3, 0.1, 25, 12), command)
    return advance(journey, transition.instance, Replied("m", command.pass_no, reply), now_us)


def judged(journey: CompiledJourney, transition: Transition, verdict: Verdict, now_us: int) -> Transition:
    command = only(transition, TakeMessage)
    return advance(journey, transition.instance, Replied("m", command.pass_no, MessageReply(verdict, command)), now_us)


def test_the_time_is_asked_for_then_a_timer_holds_and_the_message_is_worked_out_anew() -> None:
    first = entered(JOURNEY)
    command = only(first, ChooseTime)
    assert (command.channel, command.success, command.until_us) == ("email", "opens", NOW_US + 24 * HOUR_US)
    assert none(first, SendMessage, TakeMessage)
    held = told(JOURNEY, first)
    assert only(held, StartTimer) == StartTimer("m", command.pass_no, LATER_US, "sendTime")
    assert held.instance.waiting_for == "sendTime"
    assert states(held) == [("m", "transitions", None)]
    assert held.steps[0].detail == {
        "reason": "sendTimeOptimization", "untilUs": LATER_US, "optimizeFor": "opens", "explored": False,
        "score": 0.3, "scoreNow": 0.1, "hours": 25, "messagesKnown": 12,
    }  # fmt: skip
    due = advance(JOURNEY, through_storage(held.instance), TimerDue("m", command.pass_no), LATER_US)
    assert none(due, ChooseTime, StartTimer)
    taken = only(due, TakeMessage)
    assert taken.queued_since_us is None
    sent = only(judged(JOURNEY, due, SEND, LATER_US), SendMessage)
    assert sent.is_time_optimized
    assert sent.deadline_us > LATER_US


def test_where_now_is_best_it_goes_now() -> None:
    now = told(JOURNEY, entered(JOURNEY), NOW_US)
    assert none(now, StartTimer)
    assert only(judged(JOURNEY, now, SEND, NOW_US), SendMessage).is_time_optimized
    assert now.steps == ()


def test_quiet_hours_and_caps_are_asked_at_the_hour_that_was_chosen() -> None:
    held = told(JOURNEY, entered(JOURNEY))
    due = advance(JOURNEY, held.instance, TimerDue("m", held.instance.pass_no), LATER_US)
    rule = Rule("c/r", "r", "Nights", "quietHours", channels=frozenset({"email"}))
    quiet = Verdict(
        "hold", LATER_US + HOUR_US, Refusal("quietHours", RuleSet("c", "Promotions", "channel", False, (rule,)), rule)
    )
    queued = judged(JOURNEY, due, quiet, LATER_US)
    assert (queued.instance.waiting_for, queued.instance.held_since_us) == ("timer", LATER_US)
    again = advance(
        JOURNEY, through_storage(queued.instance), TimerDue("m", queued.instance.pass_no), LATER_US + HOUR_US
    )
    assert none(again, ChooseTime)
    assert only(again, TakeMessage).queued_since_us == LATER_US


def test_a_pause_and_a_fetch_do_not_make_the_time_be_chosen_twice() -> None:
    held = told(JOURNEY, entered(JOURNEY)).instance
    paused = advance(replace(JOURNEY, pause="hold"), held, TimerDue("m", held.pass_no), LATER_US)
    assert paused.instance.waiting_for == "resume"
    resumed = advance(JOURNEY, through_storage(paused.instance), Resumed(), LATER_US + SECOND_US)
    assert none(resumed, ChooseTime)
    assert only(resumed, TakeMessage).command.is_time_optimized
    reading = mailing(node={"address": "#{Weather.world.sky}"})
    data = (FetchOutcome("Weather", "world", (0,), {"sky": "jane@example.com"}),)
    fetching = entered(reading)
    assert only(fetching, FetchData)
    first = advance(reading, fetching.instance, DataFetched("m", fetching.instance.pass_no, data), NOW_US)
    waiting = told(reading, first).instance
    anew = advance(reading, through_storage(waiting), TimerDue("m", waiting.pass_no), LATER_US)
    assert only(anew, FetchData)
    second = advance(reading, through_storage(anew.instance), DataFetched("m", waiting.pass_no, data), LATER_US)
    assert none(second, ChooseTime)
    assert only(second, TakeMessage).command.address == "jane@example.com"


def test_the_doctor_restores_what_held_a_message_last() -> None:
    held = told(JOURNEY, entered(JOURNEY))
    instance = Waiting("i1", 0, 1, "version", "m", "sendTime", 0, held.instance.pass_no, NOW_US)
    assert recall_timer(instance, held.steps, JOURNEY) == (LATER_US, "sendTime")
    due = advance(JOURNEY, held.instance, TimerDue("m", held.instance.pass_no), LATER_US)
    rule = Rule("c/r", "r", "Nights", "quietHours", channels=frozenset({"email"}))
    refusal = Refusal("quietHours", RuleSet("c", "Promotions", "channel", False, (rule,)), rule)
    queued = judged(JOURNEY, due, Verdict("hold", LATER_US + HOUR_US, refusal), LATER_US)
    steps = (*held.steps, *queued.steps)
    assert recall_timer(instance._replace(waiting_for="timer"), steps, JOURNEY) == (LATER_US + HOUR_US, "quietHours")


def test_who_waits_for_the_hour_hears_only_what_takes_them_out() -> None:
    held = told(JOURNEY, entered(JOURNEY)).instance
    assert advance(JOURNEY, held, EventReceived("e3", {}), NOW_US + 1).ignored == "notListening"
    assert advance(JOURNEY, held, TimerDue("m", held.pass_no - 1), NOW_US + 1).ignored == "stale"
    for stimulus in (EventReceived("e2", {}), Stopped("stopped"), TimerDue("", 0)):
        gone = advance(JOURNEY, held, stimulus, NOW_US + 1)
        assert gone.instance.is_ended
        assert CancelTimer("m", held.pass_no) in gone.commands


def test_no_hour_is_chosen_that_the_individual_does_not_live_to_see() -> None:
    short = mailing(within_hours=168, timeouts={"globalDays": 1})
    assert only(entered(short), ChooseTime).until_us == NOW_US + 24 * HOUR_US - 1
    ending = replace(JOURNEY, end_us=NOW_US + 3 * HOUR_US)
    assert only(entered(ending), ChooseTime).until_us == NOW_US + 3 * HOUR_US - 1


def test_who_has_no_consent_and_who_is_only_a_test_wait_for_nothing() -> None:
    refused = {"consents": {"marketing": {"email": {"val": "n"}}}}
    transition = entered(JOURNEY, ExperiencePlatform={"ProfileFieldGroup": refused})
    assert none(transition, ChooseTime)
    assert not only(transition, SendMessage).has_consent
    assert only(entered(replace(JOURNEY, mode="test")), SendMessage)
    assert none(entered(replace(JOURNEY, mode="dryRun")), ChooseTime, SendMessage)


def test_the_zone_is_the_profiles_else_the_journeys() -> None:
    journey = mailing(timeZone="Europe/Paris")
    assert only(entered(journey), ChooseTime).zone == PARIS
    for nonsense in (None, "Nowhere/Nothing", 5, ["Asia/Tokyo"], {"a": 1}, "", "../etc"):
        unknown = entered(journey, ExperiencePlatform={"ProfileFieldGroup": {"timeZone": nonsense}})
        assert only(unknown, ChooseTime).zone == PARIS
    known = entered(journey, ExperiencePlatform={"ProfileFieldGroup": {"timeZone": "Asia/Tokyo"}})
    command = only(known, ChooseTime)
    assert command.zone == ZoneInfo("Asia/Tokyo")
    assert command.command.utc_offset_s == 9 * 3_600


def test_the_draw_is_of_the_stay_and_the_same_when_it_is_made_anew() -> None:
    first = entered(JOURNEY)
    command = only(first, ChooseTime)
    replies = [reply_to(command, NOW_US, first.instance._replace(id=f"i{number}")).choice for number in range(2_000)]
    assert 60 <= sum(choice.is_explored for choice in replies) <= 145
    assert all(choice.at_us == NOW_US for choice in replies if not choice.is_explored)
    assert len({choice.at_us for choice in replies if choice.is_explored}) > 15
    assert replies[7] == reply_to(command, NOW_US, first.instance._replace(id="i7")).choice


# --- the document ---


@pytest.mark.parametrize(
    ("channel", "optimize_for", "message"),
    [
        ("sms", "opens", "the best time of sms messages is known for none"),
        ("push", "clicks", "the best time of push messages is known for opens only"),
    ],
)
def test_what_can_not_be_known_of_a_channel_is_refused(channel: str, optimize_for: str, message: str) -> None:
    node = {"sendTimeOptimization": {"optimizeFor": optimize_for, "withinHours": 3}}
    mail = {"type": "message", "channel": channel, "templateUid": "t1", **node}
    _, faults = examine(document({"m": mail}, ("start", "m")), WORLD, IDENTITY)
    assert [(one.code, one.message, one.path) for one in faults if one.severity == "error"] == [
        ("ERR_SEND_TIME", message, "$.nodes.m.sendTimeOptimization.optimizeFor")
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"optimizeFor": "opens"},
        {"optimizeFor": "reads", "withinHours": 3},
        {"optimizeFor": "opens", "withinHours": 0},
        {"optimizeFor": "opens", "withinHours": 169},
        {"optimizeFor": "opens", "withinHours": 1.5},
    ],
)
def test_the_hours_are_one_to_a_week(given: dict[str, Any]) -> None:
    mail = {"type": "message", "channel": "email", "templateUid": "t1", "sendTimeOptimization": given}
    faults = check_shape(document({"m": mail}, ("start", "m")))
    assert faults
    assert all("sendTimeOptimization" in fault.path for fault in faults)


def test_a_wait_behind_it_may_end_after_the_global_timeout() -> None:
    nodes = {
        "m": {
            "type": "message", "channel": "email", "templateUid": "t1",
            "sendTimeOptimization": {"optimizeFor": "opens", "withinHours": 48},
        },
        "w": {"type": "wait", "duration": {"value": 2, "unit": "days"}},
        "e": {"type": "end"},
    }  # fmt: skip
    short = document(nodes, ("start", "m"), ("m", "w"), ("w", "e"), timeouts={"globalDays": 3})
    (fault,) = check_ways(short)
    assert (fault.code, fault.node_id, fault.severity) == ("ERR_WAIT_BEYOND_LIFE", "w", "warning")
    assert list(check_ways({**short, "timeouts": {"globalDays": 4}})) == []
