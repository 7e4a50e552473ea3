"""The engine on journeys small enough to read."""

from typing import Any

import pytest
from journey_world import (
    DAY_US,
    GOOD,
    MINUTE_US,
    NOW_US,
    SECOND_US,
    compiled,
    document,
    entered,
    place,
    states,
    through_storage,
)

from parcours.journeys.engine import MAX_PENDING, advance, new_instance
from parcours.journeys.model import (
    GLOBAL_TIMER,
    ActionAnswered,
    ActionOutcome,
    CallAction,
    CancelTimer,
    Entered,
    EventReceived,
    Instance,
    StartTimer,
    StepEvent,
    Stopped,
    TimerDue,
)

WAIT = {"type": "wait", "duration": {"value": 2, "unit": "seconds"}}
END = {"type": "end"}
MAIL = {"type": "customAction", "actionUid": "a1", "parameters": [{"paramPath": "/to", "expression": '"x"'}]}
CONDITION = {
    "type": "condition",
    "paths": [
        {"id": "big", "expression": "@event{Order.total} > 100"},
        {"id": "paris", "expression": '@event{Order.city} == "Paris"'},
    ],
    "otherPath": True,
}


def test_an_entry_without_successor_ends_the_instance_at_once() -> None:
    transition = entered(compiled(document({})))
    assert place(transition.instance) == (None, None)
    assert transition.instance.status == "ended"
    assert transition.commands == ()
    (step,) = transition.steps
    assert (step.node_type, step.is_entrance, step.is_ended, step.is_processed) == ("start", True, True, True)
    assert step.event_id == "e1"


def test_the_first_path_that_holds_is_taken_and_the_choice_is_explained() -> None:
    nodes = {"check": CONDITION, "w": WAIT, "e": END}
    journey = compiled(document(nodes, ("start", "check"), ("check", "w", "path", "paris"), ("check", "e", "other")))
    transition = entered(journey, {"total": 50, "city": "Paris"})
    assert place(transition.instance) == ("w", "timer")
    chosen = transition.steps[1]
    assert chosen.transition == "path:paris"
    assert chosen.detail == {
        "conditionType": "dataSource",
        "chosen": "path:paris",
        "paths": [
            {"id": "big", "references": {"@event{Order.total}": 50}, "result": False},
            {"id": "paris", "references": {"@event{Order.city}": "Paris"}, "result": True},
        ],
    }
    other = entered(journey, {"total": 50, "city": "Rome"})
    assert states(other)[1:] == [("check", "ended", "other"), ("e", "ended", None)]
    assert other.instance.status == "ended"


def test_a_condition_without_matching_path_ends_normally() -> None:
    nodes = {"check": {**CONDITION, "otherPath": False}, "w": WAIT}
    journey = compiled(document(nodes, ("start", "check"), ("check", "w", "path", "big")))
    transition = entered(journey, {"total": 1})
    assert transition.instance.status == "ended"
    assert transition.steps[-1].is_ended
    assert transition.steps[-1].detail["chosen"] == "other"


def test_an_evaluation_error_takes_the_error_path_or_ends_in_error() -> None:
    nodes = {"check": CONDITION, "w": WAIT}
    bad = {"total": "many"}
    with_path = compiled(document(nodes, ("start", "check"), ("check", "w", "error")))
    transition = entered(with_path, bad)
    assert states(transition)[1] == ("check", "error", "error")
    assert place(transition.instance) == ("w", "timer")
    assert transition.instance.last_error is not None
    assert transition.instance.last_error["nodeId"] == "check"
    without = entered(compiled(document({"check": CONDITION}, ("start", "check"))), bad)
    assert without.instance.status == "error"
    assert without.steps[-1].detail["reason"]


def test_a_wait_holds_until_its_timer_and_the_global_timer_is_cancelled_at_the_end() -> None:
    journey = compiled(document({"w": WAIT}, ("start", "w")))
    first = entered(journey)
    assert first.commands == (
        StartTimer(GLOBAL_TIMER, 0, NOW_US + 91 * DAY_US, "globalTimeout"),
        StartTimer("w", 1, NOW_US + 2 * SECOND_US, "wait"),
    )
    assert [(s.is_processed, s.step_status) for s in first.steps] == [(True, "ended"), (False, "transitions")]
    second = advance(journey, first.instance, TimerDue("w", 1), NOW_US + 2 * SECOND_US)
    assert second.instance.status == "ended"
    assert second.commands == (CancelTimer(GLOBAL_TIMER, 0),)
    (step,) = second.steps
    assert (step.seq, step.processing_us, step.event_id) == (2, 2 * SECOND_US, "scheduledNotificationReceived")


def test_a_custom_wait_is_read_in_the_time_zone_of_the_journey() -> None:
    node = {"type": "wait", "waitType": "custom", "expression": 'toDateTimeOnly("2026-01-01T12:00:00")'}
    journey = compiled(document({"w": node}, ("start", "w"), timeZone="Europe/Paris"))
    timer = entered(journey).commands[1]
    assert isinstance(timer, StartTimer)
    assert timer.due_at_us == NOW_US + 11 * 3600 * SECOND_US


def test_a_custom_wait_for_a_past_date_is_no_wait_and_for_none_an_error() -> None:
    past = {"type": "wait", "waitType": "custom", "expression": 'toDateTimeOnly("2020-01-01T12:00:00")'}
    assert entered(compiled(document({"w": past}, ("start", "w")))).instance.status == "ended"
    none = {"type": "wait", "waitType": "custom", "expression": "toDateTimeOnly(@event{Order.at})"}
    transition = entered(compiled(document({"w": none}, ("start", "w"))))
    assert transition.instance.status == "error"


def test_a_wait_beyond_the_global_timeout_ends_the_instance_there() -> None:
    node = {"type": "wait", "waitType": "custom", "expression": 'toDateTimeOnly("2030-01-01T12:00:00")'}
    transition = entered(compiled(document({"w": node}, ("start", "w"))))
    assert transition.instance.status == "ended"
    assert transition.commands == ()
    assert transition.steps[-1].detail["reason"] == "notEnoughTimeLeft"


def test_an_action_is_called_with_its_parameters_and_goes_on_with_the_answer() -> None:
    node = {
        "type": "customAction",
        "actionUid": "a1",
        "path": '"/v1/" + @event{Order.city}',
        "parameters": [{"paramPath": "/to", "expression": "@event{Order.email}"}],
    }
    journey = compiled(document({"m": node, "e": END}, ("start", "m"), ("m", "e"), timeouts={"actionSeconds": 5}))
    first = entered(journey, {"email": "j@example.com", "city": "Rome"})
    assert first.commands[1] == CallAction(
        "m", 1, "a1", "SendMail", "/v1/Rome", {"/to": "j@example.com"}, NOW_US + 5 * SECOND_US
    )
    assert place(first.instance) == ("m", "action")
    outcome = ActionOutcome("http_204", elapsed_ms=41, endpoint="https://mail.example.com", method="POST", attempts=2)
    second = advance(journey, first.instance, ActionAnswered("m", 1, outcome), NOW_US + SECOND_US)
    assert states(second) == [("m", "ended", "default"), ("e", "ended", None)]
    assert second.steps[0].action == {
        "actionID": "a1",
        "actionName": "SendMail",
        "actionType": "customHttpAction",
        "actionBusinessType": "customer",
        "actionParameterized": True,
        "actionExecutionTime": 41,
        "actionOriginEndpoint": "https://mail.example.com",
        "actionOriginMethod": "POST",
        "actionSchedulerCount": 2,
    }
    assert second.instance.actions == {}


@pytest.mark.parametrize(
    ("consents", "is_called"),
    [
        ({}, True),
        ({"email": {"val": "y"}}, True),
        ({"sms": {"val": "n"}}, True),
        ({"email": {"val": "n"}}, False),
        ({"any": {"val": "n"}}, False),
        ({"email": {"val": "y"}, "any": {"val": "n"}}, True),
    ],
)
def test_who_refuses_marketing_skips_the_call_and_goes_on(consents: dict[str, Any], is_called: bool) -> None:
    node = {"type": "customAction", "actionUid": "a3"}
    doc = document({"m": node, "e": END, "x": END}, ("start", "m"), ("m", "e"), ("m", "x", "error"))
    journey = compiled(doc)
    assert journey.reads_profile
    profile = {"ProfileFieldGroup": {"consents": {"marketing": consents}}}
    first = entered(journey, {"email": "j@example.com"}, ExperiencePlatform=profile)
    if is_called:
        assert place(first.instance) == ("m", "reply")  # rules are asked, as for every message
        return
    assert not [command for command in first.commands if isinstance(command, CallAction)]
    assert states(first)[-2:] == [("m", "ended", "default"), ("e", "ended", None)]
    assert first.steps[-2].detail == {
        "statusCode": "excluded", "reason": "noConsent: the profile refuses marketing by this channel",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "status", "error", "ended_as"),
    [
        ("http_500", "error", "http", "error"),
        ("timedout", "timedout", "timedout", "timedout"),
        ("capped", "capped", "capped", "error"),
        ("internalError", "error", "error", "error"),
    ],
)
def test_a_failed_action_is_told_apart_and_takes_the_error_path(
    code: str, status: str, error: str, ended_as: str
) -> None:
    without = compiled(document({"m": MAIL}, ("start", "m")))
    answered = ActionAnswered("m", 1, ActionOutcome(code, origin_error="http", origin_code="503"))
    transition = advance(without, entered(without).instance, answered, NOW_US)
    assert transition.instance.status == ended_as
    step = transition.steps[0]
    assert step.action is not None
    assert (step.step_status, step.action["actionExecutionError"]) == (status, error)
    assert step.action["actionExecutionOriginCode"] == "503"
    with_path = compiled(document({"m": MAIL, "w": WAIT}, ("start", "m"), ("m", "w", "error")))
    moved = advance(with_path, entered(with_path).instance, answered, NOW_US)
    assert place(moved.instance) == ("w", "timer")
    assert moved.steps[0].transition == "error"


def test_the_declared_part_of_an_answer_is_kept_only_where_an_expression_reads_it() -> None:
    call = {"type": "customAction", "actionUid": "a2"}
    check = {"type": "condition", "paths": [{"id": "many", "expression": "@action{Loyalty.points} > 5"}]}
    journey = compiled(
        document({"c": call, "k": check, "w": WAIT}, ("start", "c"), ("c", "k"), ("k", "w", "path", "many"))
    )
    outcome = ActionOutcome("http_200", {"points": 9, "secret": "no"})
    transition = advance(journey, entered(journey).instance, ActionAnswered("c", 1, outcome), NOW_US)
    assert transition.instance.actions == {"Loyalty": {"points": 9, "jo_status_code": "http_200"}}
    assert place(transition.instance) == ("w", "timer")


def test_the_failure_payload_and_the_status_code_are_there_after_the_error_path() -> None:
    call = {"type": "customAction", "actionUid": "a2"}
    check = {
        "type": "condition",
        "paths": [
            {
                "id": "x",
                "expression": '@action{Loyalty.jo_status_code} == "http_404" '
                'and @action{Loyalty.errorResponse.reason} == "gone" and ${lastErrorCode} == "404"',
            }
        ],
    }
    journey = compiled(
        document({"c": call, "k": check, "w": WAIT}, ("start", "c"), ("c", "k", "error"), ("k", "w", "path", "x"))
    )
    outcome = ActionOutcome("http_404", {"reason": "gone"})
    transition = advance(journey, entered(journey).instance, ActionAnswered("c", 1, outcome), NOW_US)
    assert place(transition.instance) == ("w", "timer")


LISTEN = {"type": "event", "eventUid": "e2", "timeout": {"value": 5, "unit": "minutes", "path": True}}


def test_an_event_inside_moves_the_instance_on_and_cancels_its_timeout() -> None:
    check = {"type": "condition", "paths": [{"id": "x", "expression": "@event{Payment.total} == 3"}]}
    journey = compiled(
        document({"l": LISTEN, "k": check, "w": WAIT}, ("start", "l"), ("l", "k"), ("k", "w", "path", "x"))
    )
    first = entered(journey)
    assert place(first.instance) == ("l", "event:e2")
    assert first.commands[1] == StartTimer("l", 1, NOW_US + 5 * MINUTE_US, "eventTimeout")
    second = advance(journey, first.instance, EventReceived("e2", {"total": 3}), NOW_US + SECOND_US)
    assert second.commands[0] == CancelTimer("l", 1)
    assert place(second.instance) == ("w", "timer")
    assert second.instance.events == {"Order": {}, "Payment": {"total": 3}}
    late = advance(journey, second.instance, TimerDue("l", 1), NOW_US + 5 * MINUTE_US)
    assert late.ignored == "stale"


def test_a_timeout_with_a_path_takes_it_and_without_one_continues_as_if_the_event_had_come() -> None:
    nodes = {"l": LISTEN, "w": WAIT, "e": END}
    with_path = compiled(document(nodes, ("start", "l"), ("l", "w"), ("l", "e", "timeout")))
    transition = advance(with_path, entered(with_path).instance, TimerDue("l", 1), NOW_US + 5 * MINUTE_US)
    assert states(transition) == [("l", "ended", "timeout"), ("e", "ended", None)]
    plain = {**LISTEN, "timeout": {"value": 5, "unit": "minutes"}}
    check = {"type": "condition", "paths": [{"id": "x", "expression": "@event{Payment.total} is null"}]}
    edges = [("start", "l"), ("l", "k"), ("k", "w", "path", "x")]
    without = compiled(document({"l": plain, "k": check, "w": WAIT}, *edges))
    transition = advance(without, entered(without).instance, TimerDue("l", 1), NOW_US + 5 * MINUTE_US)
    assert place(transition.instance) == ("w", "timer")
    assert transition.steps[0].detail["outcome"] == "timeout"


def test_an_event_is_heard_only_where_the_instance_listens() -> None:
    journey = compiled(document({"w": WAIT, "l": LISTEN}, ("start", "w"), ("w", "l")))
    first = entered(journey)
    for uid in ("e2", "e1", "unknown"):
        transition = advance(journey, first.instance, EventReceived(uid, {}), NOW_US)
        assert transition.ignored in ("notListening", "stale")
        assert transition.instance is first.instance


def test_events_that_come_during_a_call_are_kept_in_order_up_to_ten() -> None:
    journey = compiled(document({"m": MAIL, "l": LISTEN, "w": WAIT}, ("start", "m"), ("m", "l"), ("l", "w")))
    instance = entered(journey).instance
    assert advance(journey, instance, EventReceived("e1", {}), NOW_US).ignored == "notListening"
    for number in range(MAX_PENDING):
        queued = advance(journey, instance, EventReceived("e2", {"total": number}), NOW_US)
        assert queued.queued
        assert not queued.steps
        instance = queued.instance
    full = advance(journey, instance, EventReceived("e2", {}), NOW_US)
    assert full.ignored == "maxInstanceStackEventsReached"
    again = through_storage(instance)
    assert again == instance
    answered = advance(journey, again, ActionAnswered("m", 1, GOOD), NOW_US)
    assert place(answered.instance) == ("w", "timer")
    assert answered.instance.events["Payment"] == {"total": 0}
    assert answered.instance.pending == ()
    assert [step.event_id for step in answered.steps] == ["executedAction", "executedAction", "e2", "e2"]


def test_the_global_timeout_ends_the_instance_wherever_it_is() -> None:
    journey = compiled(document({"l": LISTEN}, ("start", "l"), timeouts={"globalDays": 1}))
    first = entered(journey)
    transition = advance(journey, first.instance, TimerDue(GLOBAL_TIMER, 0), NOW_US + DAY_US)
    assert transition.instance.status == "timedout"
    assert transition.commands == (CancelTimer("l", 1),)
    assert states(transition) == [("l", "instanceTimedout", None)]
    assert advance(journey, transition.instance, TimerDue("l", 1), NOW_US + DAY_US).ignored == "ended"


def test_a_stop_ends_the_instance_and_cancels_its_timers() -> None:
    journey = compiled(document({"w": WAIT}, ("start", "w")))
    transition = advance(journey, entered(journey).instance, Stopped("versionStopped"), NOW_US)
    assert transition.instance.status == "stopped"
    assert set(transition.commands) == {CancelTimer("w", 1), CancelTimer(GLOBAL_TIMER, 0)}


def test_what_does_not_fit_is_ignored_with_its_reason() -> None:
    journey = compiled(document({"m": MAIL, "w": WAIT}, ("start", "m"), ("m", "w")))
    fresh = new_instance(journey, "i", "k", NOW_US)
    assert advance(journey, fresh, TimerDue(GLOBAL_TIMER, 0), NOW_US).ignored == "stale"
    first = entered(journey)
    for stimulus in (
        Entered({}),
        TimerDue("m", 1),
        TimerDue("m", 7),
        TimerDue("nowhere", 1),
        ActionAnswered("w", 1, GOOD),
        ActionAnswered("m", 2, GOOD),
    ):
        assert advance(journey, first.instance, stimulus, NOW_US).ignored == "stale"
    other = compiled(document({"w": WAIT}, ("start", "w")))
    assert advance(other, first.instance, ActionAnswered("m", 1, GOOD), NOW_US).ignored == "unknownNode"


def test_a_split_takes_the_same_path_on_replay_and_each_path_about_as_often_as_it_says() -> None:
    split = {
        "type": "condition",
        "conditionType": "split",
        "paths": [{"id": "a", "percentage": 20}, {"id": "none", "percentage": 0}, {"id": "b", "percentage": 80}],
    }
    journey = compiled(document({"s": split}, ("start", "s")))
    counts = {"path:a": 0, "path:none": 0, "path:b": 0}
    for number in range(2000):
        instance = new_instance(journey, f"i{number}", "k", NOW_US)
        chosen = advance(journey, instance, Entered({}), NOW_US).steps[1].detail["chosen"]
        assert advance(journey, instance, Entered({}), NOW_US).steps[1].detail["chosen"] == chosen
        counts[chosen] += 1
    assert counts["path:none"] == 0
    assert 320 <= counts["path:a"] <= 480


@pytest.mark.parametrize(
    ("path", "now", "holds"),
    [
        ({"hours": {"from": "09:00", "to": "10:00"}}, "09:00", True),
        ({"hours": {"from": "09:00", "to": "10:00"}}, "10:00", False),
        ({"hours": {"from": "22:00", "to": "06:00"}}, "23:30", True),
        ({"hours": {"from": "22:00", "to": "06:00"}}, "05:59", True),
        ({"hours": {"from": "22:00", "to": "06:00"}}, "06:00", False),
        ({"hours": {"from": "09:00", "to": "24:00"}}, "23:59", True),
        ({"days": ["thursday"]}, "23:59", True),
        ({"days": ["friday"]}, "12:00", False),
        ({"hours": {"from": "22:00", "to": "06:00"}, "days": ["wednesday"]}, "01:00", True),
        ({"hours": {"from": "22:00", "to": "06:00"}, "days": ["thursday"]}, "01:00", False),
        ({}, "11:59", True),
        ({}, "12:00", False),
    ],
)
def test_a_time_condition_reads_the_clock_of_the_journeys_zone(path: dict, now: str, holds: bool) -> None:
    node = {"type": "condition", "conditionType": "time", "paths": [{"id": "x", **path}], "otherPath": True}
    journey = compiled(document({"t": node}, ("start", "t"), timeZone="Asia/Tokyo"))
    hour, minute = map(int, now.split(":"))  # of Thursday 2026-01-01 in Tokyo, nine hours ahead
    at_us = NOW_US + (hour - 9) * 3600 * SECOND_US + minute * MINUTE_US
    transition = advance(journey, new_instance(journey, "i", "k", at_us), Entered({}), at_us)
    assert transition.steps[1].detail["chosen"] == ("path:x" if holds else "other")


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ({"from": "2026-01-01", "to": "2026-01-01"}, True),
        ({"from": "2026-01-02"}, False),
        ({"to": "2025-12-31"}, False),
        ({"from": "2026-01-01T00:00:00", "to": "2026-01-01T00:00:01"}, True),
        ({"to": "2026-01-01T00:00:00"}, False),
    ],
)
def test_a_date_condition_includes_its_last_day(path: dict, holds: bool) -> None:
    node = {"type": "condition", "conditionType": "date", "paths": [{"id": "x", **path}], "otherPath": True}
    transition = entered(compiled(document({"d": node}, ("start", "d"))))
    assert transition.steps[1].detail["chosen"] == ("path:x" if holds else "other")


def test_the_profile_is_read_only_when_an_expression_asks() -> None:
    class Lazy(dict):
        reads = 0

        def get(self, key, default=None):  # type: ignore[no-untyped-def]
            Lazy.reads += 1
            return {"ProfileFieldGroup": {"tier": "gold"}}.get("ProfileFieldGroup") and {
                "ProfileFieldGroup": {"tier": "gold"}
            }

        __getitem__ = get

    plain = compiled(document({"check": CONDITION}, ("start", "check")))
    advance(plain, new_instance(plain, "i", "k", NOW_US), Entered({"total": 1}, Lazy()), NOW_US)
    assert Lazy.reads == 0
    assert not plain.reads_profile
    node = {
        "type": "condition",
        "paths": [{"id": "x", "expression": '#{ExperiencePlatform.ProfileFieldGroup.tier} == "gold"'}],
    }
    journey = compiled(document({"check": node}, ("start", "check")))
    assert journey.reads_profile
    transition = advance(journey, new_instance(journey, "i", "k", NOW_US), Entered({}, Lazy()), NOW_US)
    (tried,) = transition.steps[1].detail["paths"]
    assert tried == {
        "id": "x",
        "references": {"#{ExperiencePlatform.ProfileFieldGroup.tier}": "gold"},
        "result": True,
    }


def test_an_instance_that_carries_too_much_ends_in_error() -> None:
    journey = compiled(document({"l": LISTEN, "w": WAIT}, ("start", "l"), ("l", "w")))
    huge = {"city": "x" * 1_100_000}
    transition = advance(journey, entered(journey).instance, EventReceived("e2", huge), NOW_US)
    assert transition.instance.status == "error"
    assert transition.steps[-1].detail["reason"] == "instanceTooLarge"


def test_named_tuples_made_without_their_class_have_all_their_fields() -> None:
    transition = entered(compiled(document({"w": WAIT}, ("start", "w"))))
    assert len(new_instance(compiled(document({"w": WAIT}, ("start", "w"))), "i", "k", 1)) == len(Instance._fields)
    assert len(transition.instance) == len(Instance._fields)
    assert {len(step) for step in transition.steps} == {len(StepEvent._fields)}


def test_an_instance_survives_storage_at_every_stop() -> None:
    journey = compiled(document({"m": MAIL, "w": WAIT}, ("start", "m"), ("m", "w")))
    instance = entered(journey, {"total": 1}).instance
    for stimulus in (ActionAnswered("m", 1, GOOD), TimerDue("w", 2)):
        assert through_storage(instance) == instance
        instance = advance(journey, instance, stimulus, NOW_US).instance
    assert instance.is_ended
    assert instance.events
    again = through_storage(instance)
    assert again == instance._replace(events={}, actions={})


def test_an_action_used_twice_is_read_by_the_labels_of_its_nodes() -> None:
    first = {"type": "customAction", "actionUid": "a2", "label": "Before"}
    second = {"type": "customAction", "actionUid": "a2", "label": "After"}
    text = "@action{Before.points} == 1 and @action{After.points} == 2 and @action{Loyalty.points} == 2"
    check = {"type": "condition", "paths": [{"id": "x", "expression": text}]}
    journey = compiled(
        document(
            {"a": first, "b": second, "c": check, "w": WAIT},
            ("start", "a"),
            ("a", "b"),
            ("b", "c"),
            ("c", "w", "path", "x"),
        )
    )
    instance = entered(journey).instance
    for node_id, pass_no, points in (("a", 1, 1), ("b", 2, 2)):
        answered = ActionAnswered(node_id, pass_no, ActionOutcome("http_200", {"points": points}))
        instance = advance(journey, instance, answered, NOW_US).instance
        assert through_storage(instance) == instance
    assert place(instance) == ("w", "timer")
