"""A simulated world: virtual order, stubs, entrances; the same seed gives the same outcome, a timer is never early."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from journey_world import DAY_US, NOW_US, SECOND_US, document
from simulated import Virtual, all_steps, entity
from test_engine_properties import journeys, payloads

from parcours.batch import DUPLICATE_WINDOW_MS
from parcours.journeys.agenda import TIMER, MomentPassed
from parcours.journeys.model import StartTimer
from parcours.journeys.outcome import coverage_of, path_of, summary
from parcours.journeys.seen import VirtualClock, seeded_ids
from parcours.journeys.simulate import (
    _PERFORM,
    DUPLICATE_WINDOW_US,
    CommandUnknown,
)
from parcours.journeys.stubs import Answer, StubInvalid, read_stub

MAIL = {
    "type": "customAction",
    "actionUid": "a1",
    "parameters": [{"paramPath": "/to", "expression": "@event{Order.email}"}],
}
LOYALTY = {"type": "customAction", "actionUid": "a2", "parameters": [{"paramPath": "/n", "expression": "5"}]}
WAIT = {"type": "wait", "duration": {"value": 2, "unit": "days"}}
LISTEN = {"type": "event", "eventUid": "e2", "timeout": {"value": 7, "unit": "days", "path": True}}


def follow_up() -> dict[str, Any]:
    return document(
        {"pause": WAIT, "pay": LISTEN, "mail": MAIL, "late": LOYALTY},
        ("start", "pause"), ("pause", "pay"), ("pay", "mail"), ("pay", "late", "timeout"),
    )  # fmt: skip


# --- properties ------------------------------------------------------------------------------------------------------

sendings = st.lists(
    st.tuples(
        st.sampled_from(["e1", "e2"]),
        st.sampled_from(["jane@example.com", "joe@example.com", ""]),
        st.sampled_from([0, 1, SECOND_US, 60 * SECOND_US, 3600 * SECOND_US, DAY_US, 3 * DAY_US, 40 * DAY_US]),
        payloads,
    ),
    min_size=1,
    max_size=12,
)
answers = st.sampled_from(
    [200, 500, "timeout", {"status": 200, "latency": "5s"}, [500, 200], {"status": 404, "body": {"reason": "x"}},
     {"status": 200, "body": {"points": 7}, "latency": "29s"}, {"status": 200, "latency": "20m"}]
)  # fmt: skip


def fill(virtual: Virtual, sent: list[Any]) -> None:
    at_us = NOW_US
    for uid, email, after_us, payload in sent:
        at_us += after_us
        virtual.world.schedule_event(at_us, virtual.events[uid], {**payload, "email": email})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journeys(), sendings, st.fixed_dictionaries({"SendMail": answers, "Loyalty": answers}), st.text(max_size=5))
def test_the_same_seed_gives_the_same_outcome_in_virtual_order_and_no_timer_is_early(
    doc: dict[str, Any], sent: list[Any], stubs: dict[str, Any], seed: str
) -> None:
    note(str(doc))
    once, again, stepwise = (Virtual(doc, stubs=stubs, instance_ids=seeded_ids(seed)) for _ in range(3))
    for one in (once, again, stepwise):
        fill(one, sent)
    once.world.run()
    again.world.run()
    while (next_us := stepwise.world.next_us) is not None:
        stepwise.world.run(next_us)
    assert all_steps([once]) == all_steps([again]) == all_steps([stepwise])
    assert once.world.received == again.world.received == stepwise.world.received
    times = [one.at_us for one in once.world.received]
    assert times == sorted(times)
    for record in once.world.records:
        at = [step.at_us for step in record.steps]
        assert at == sorted(at)
        assert record.instance.is_ended, "somebody stays for ever"
        assert record.timers == {}
        assert all(call.answered_us is not None for call in record.sent)
        check_timers(record.steps)


def check_timers(steps: list[Any]) -> None:
    """A stay that a timer ended was left at the very moment for which the timer was set."""
    due: dict[tuple[int, str], int] = {}
    for step in steps:
        until_us = step.detail.get("untilUs", step.detail.get("timeoutAtUs"))
        if not step.is_processed and until_us is not None:
            due[step.pass_no, step.node_id] = until_us
        elif step.event_id == "scheduledNotificationReceived" and (step.pass_no, step.node_id) in due:
            assert step.at_us == due[step.pass_no, step.node_id]


def test_a_timer_that_is_taken_early_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def start_early(world: Any, record: Any, command: StartTimer, data: Any) -> None:
        early = command._replace(due_at_us=command.due_at_us - 1)
        record.timers[early.node_id, early.pass_no] = early.due_at_us
        world._agenda.add(early.due_at_us, TIMER, world._take_timer, (record, early))

    monkeypatch.setitem(_PERFORM, StartTimer, start_early)
    virtual = Virtual(follow_up())
    virtual.send()
    virtual.days(3)
    with pytest.raises(AssertionError):
        check_timers(virtual.world.records[0].steps)


# --- order and time --------------------------------------------------------------------------------------------------


def test_ninety_days_pass_in_order() -> None:
    virtual = Virtual(follow_up())
    virtual.send()
    virtual.days(90)
    assert virtual.ways() == [
        [
            (0, "start", "default"),
            (0, "pause", None),
            (2 * DAY_US, "pause", "default"),
            (2 * DAY_US, "pay", None),
            (9 * DAY_US, "pay", "timeout"),
            (9 * DAY_US, "late", None),
        ]
    ]
    assert virtual.world.clock.now_us() == NOW_US + 90 * DAY_US


def test_an_event_at_the_moment_of_a_timer_comes_first() -> None:
    virtual = Virtual(follow_up())
    virtual.send()
    virtual.days(8.5)
    virtual.world.schedule_event(NOW_US + 9 * DAY_US, virtual.events["e2"], {"email": "jane@example.com"})
    virtual.world.run()
    assert path_of(virtual.world.records[0]) == ("start", "pause", "pay", "mail")


def test_nothing_happens_before_now() -> None:
    virtual = Virtual(follow_up())
    virtual.days(1)
    with pytest.raises(MomentPassed):
        virtual.send(at_us=NOW_US)


def test_a_command_that_no_simulated_world_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_PERFORM, StartTimer)
    with pytest.raises(CommandUnknown, match="StartTimer"):
        Virtual(follow_up()).send()


# --- entrances and events --------------------------------------------------------------------------------------------


def test_a_second_entrance_is_refused_while_inside_and_within_the_wait() -> None:
    doc = document({"mail": MAIL}, ("start", "mail"))
    virtual = Virtual(doc)
    virtual.send()
    virtual.send()
    virtual.world.run(NOW_US + 300 * SECOND_US)
    virtual.send()
    told = [(one.journeys[0]["outcome"], one.journeys[0].get("reason")) for one in virtual.world.received]
    assert told == [("entered", None), ("refused", "reentranceNotAllowed"), ("entered", None)]
    assert [record.is_reentrance for record in virtual.world.records] == [False, True]


def test_the_wait_for_reentrance_counts_from_the_latest_entrance() -> None:
    virtual = Virtual(document({"mail": MAIL}, ("start", "mail")))
    for second in (0, 400, 650, 700):
        virtual.world.run(NOW_US + second * SECOND_US)
        virtual.send()
    told = [one.journeys[0]["outcome"] for one in virtual.world.received]
    assert told == ["entered", "entered", "refused", "entered"]


def test_an_event_without_key_is_refused_and_one_that_nobody_hears_is_told() -> None:
    virtual = Virtual(follow_up())
    virtual.send(email="")
    virtual.send("e3")
    first, second = virtual.world.received
    assert first.journeys[0]["reason"] == "EXTERNAL_KEY_COMPUTATION_ERROR"
    assert second.outcome == "EVENT_WITH_NO_JOURNEY"


def test_an_event_that_a_journey_waits_for_is_matched_though_nobody_is_inside() -> None:
    virtual = Virtual(follow_up())
    virtual.send("e2")
    assert [(one.outcome, one.journeys) for one in virtual.world.received] == [("matched", [])]


def test_entities_are_matched_by_event_id_and_by_rule_and_taken_once_in_ten_minutes() -> None:
    virtual = Virtual(follow_up(), rules={"e2": "@event{Payment.total} > 10"})
    world = virtual.world
    first = entity("e1", _id="1")
    world.schedule_entity(NOW_US, first, ["orders"])
    world.schedule_entity(NOW_US + DUPLICATE_WINDOW_US - 1, first, ["orders"])
    world.schedule_entity(NOW_US + 3 * DAY_US, entity(_id="2", total=10), ["orders"])
    world.schedule_entity(NOW_US + 3 * DAY_US, entity(_id="3", total=11), ["other"])
    world.schedule_entity(NOW_US + 3 * DAY_US, entity(_id="4", total=11), ["orders"])
    world.run()
    assert [(one.event, one.outcome) for one in world.received] == [
        ("Order", "matched"), ("Order", "duplicate"), ("Payment", "matched"),
    ]  # fmt: skip
    assert world.unmatched == 2
    assert path_of(world.records[0])[-1] == "mail"


def test_the_window_of_duplicates_is_that_of_the_pipeline() -> None:
    assert DUPLICATE_WINDOW_US == DUPLICATE_WINDOW_MS * 1000


def test_an_event_above_the_limit_is_refused() -> None:
    virtual = Virtual(follow_up())
    virtual.send(text="x" * 65_536)
    assert (virtual.world.received[0].outcome, virtual.world.received[0].reason) == ("refused", "eventTooLarge")


def test_a_condition_sees_a_profile_that_changes_on_the_way() -> None:
    tier = '#{ExperiencePlatform.ProfileFieldGroup.tier} == "gold"'
    condition = {"type": "condition", "paths": [{"id": "gold", "expression": tier}], "otherPath": True}
    doc = document(
        {"before": condition, "pause": WAIT, "after": condition, "end": {"type": "end"}},
        ("start", "before"), ("before", "pause", "other"), ("pause", "after"), ("after", "end", "path", "gold"),
    )  # fmt: skip
    virtual = Virtual(doc)
    virtual.people.put("email", "jane@example.com", {"tier": "silver"})
    virtual.send()
    change = {"tier": "gold"}
    virtual.world.schedule_change(NOW_US + DAY_US, lambda: virtual.people.change("Email", "jane@example.com", change))
    virtual.world.run()
    assert path_of(virtual.world.records[0]) == ("start", "before:other", "pause", "after:path:gold", "end")


def test_a_split_draws_by_the_seed() -> None:
    shares = [{"id": "a", "percentage": 30}, {"id": "b", "percentage": 70}]
    split = {"type": "condition", "conditionType": "split", "paths": shares}
    doc = document(
        {"split": split, "a": {"type": "end"}, "b": {"type": "end"}},
        ("start", "split"), ("split", "a", "path", "a"), ("split", "b", "path", "b"),
    )  # fmt: skip

    def drawn(seed: str) -> list[str]:
        virtual = Virtual(doc, instance_ids=seeded_ids(seed))
        for number in range(400):
            virtual.send(email=f"{number}@example.com")
        return [path_of(record)[-1] for record in virtual.world.records]

    assert drawn("x") == drawn("x") != drawn("y")
    assert 80 <= drawn("x").count("a") <= 160


def test_two_journeys_run_in_one_world_each_with_its_own_presence() -> None:
    other = {**document({"mail": MAIL}, ("start", "mail")), "name": "Other"}
    virtual = Virtual(follow_up(), other)
    virtual.send()
    virtual.send()
    told = [(j["journey"], j["outcome"], j.get("reason")) for one in virtual.world.received for j in one.journeys]
    assert told == [
        ("Test", "entered", None),
        ("Other", "entered", None),
        ("Test", "refused", "notSuitableInitialEvent"),
        ("Other", "refused", "reentranceNotAllowed"),
    ]


# --- calls -----------------------------------------------------------------------------------------------------------


def called(stub: Any, *emails: str, doc: dict[str, Any] | None = None, days: float = 1) -> list[tuple[str, int, str]]:
    """(key, seconds until the answer, status code) of calls."""
    doc = doc or document({"mail": MAIL}, ("start", "mail"), entry="start")
    virtual = Virtual({**doc, "entry": {"node": "start", "reentrance": {"waitSeconds": 0}}}, stubs={"SendMail": stub})
    for email in emails or ("jane@example.com",):
        virtual.send(email=email)
        virtual.days(days)
    return [
        (r.instance.key, ((s.answered_us or 0) - s.at_us) // SECOND_US, s.status_code or "")
        for r in virtual.world.records
        for s in r.sent
    ]


@pytest.mark.parametrize(
    ("stub", "seconds", "code"),
    [
        (200, 0, "http_200"),
        (503, 0, "http_503"),
        ("timeout", 30, "timedout"),
        ("capped", 0, "capped"),
        ({"outcome": "error", "latency": "2s"}, 2, "internalError"),
        ({"status": 201, "latency": "1.5s"}, 1, "http_201"),
        ({"latency": "30s"}, 30, "http_200"),
        ({"latency": "30001ms"}, 30, "timedout"),
    ],
)
def test_a_stub_gives_status_and_latency_and_the_time_limit_holds(stub: Any, seconds: int, code: str) -> None:
    assert called(stub) == [("jane@example.com", seconds, code)]


def test_a_list_of_answers_is_for_the_calls_of_each_customer() -> None:
    codes = called([500, 200], "a", "b", "a", "a")
    assert codes == [("a", 0, "http_500"), ("b", 0, "http_500"), ("a", 0, "http_200"), ("a", 0, "http_200")]


def test_the_first_rule_that_fits_answers() -> None:
    stub = {
        "rules": [
            {"when": '${externalKey} == "b"', "answer": 400},
            {"parameters": {"/to": "c"}, "answer": ["timeout", 200]},
            {"when": "@event{Order.total} / 0 == 1", "answer": 418},
        ]
    }
    assert [code for _, _, code in called(stub, "a", "b", "c", "c")] == ["http_200", "http_400", "timedout", "http_200"]


def test_an_answer_is_the_declared_sample_unless_the_stub_has_a_body() -> None:
    points = "@action{Loyalty.points} == 1"
    doc = document(
        {
            "call": LOYALTY,
            "check": {"type": "condition", "paths": [{"id": "one", "expression": points}], "otherPath": True},
        },
        ("start", "call"), ("call", "check"),
    )  # fmt: skip
    for stub, found in ((200, 1), ({"body": {"points": 9, "secret": 1}}, 9)):
        virtual = Virtual(doc, stubs={"Loyalty": stub})
        virtual.send()
        virtual.days(1)
        kept = virtual.world.records[0].instance.actions["Loyalty"]
        assert kept["points"] == found
        assert "secret" not in kept


def test_a_call_that_cant_be_built_is_answered_as_in_production() -> None:
    path = {**MAIL, "path": '"/../up"'}
    virtual = Virtual(document({"mail": path}, ("start", "mail")))
    virtual.send()
    (record,) = virtual.world.records
    assert record.instance.status == "error"
    assert (record.sent[0].url, record.sent[0].status_code) == (None, "internalError")


def test_an_event_that_comes_during_a_call_is_kept_until_the_answer() -> None:
    doc = document(
        {"mail": MAIL, "pay": LISTEN, "end": {"type": "end"}}, ("start", "mail"), ("mail", "pay"), ("pay", "end")
    )
    virtual = Virtual(doc, stubs={"SendMail": {"latency": "10s"}})
    virtual.send()
    virtual.send("e2", at_us=NOW_US + 5 * SECOND_US)
    virtual.days(1)
    assert virtual.ways()[0][-1][:2] == (10 * SECOND_US, "end")
    assert virtual.world.received[1].journeys[0]["outcome"] == "queued"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("late", "$"),
        (99, "$"),
        (True, "$"),
        ([], "$"),
        ([200, "x"], "$[1]"),
        ({"latency": "soon"}, "$.latency"),
        ({"status": 200, "outcome": "timeout"}, "$.outcome"),
        ({"rules": []}, "$.rules"),
        ({"rules": [{"when": "1 +", "answer": 200}]}, "$.rules[0].when"),
        ({"rules": [{"when": "true"}]}, "$.rules[0]"),
        ({"rules": [{"parameters": 1, "answer": 200}]}, "$.rules[0].parameters"),
    ],
)
def test_a_stub_that_is_none_is_told_where(document: Any, path: str) -> None:
    with pytest.raises(StubInvalid) as caught:
        read_stub(document)
    assert caught.value.path == path


def test_a_stub_without_rule_that_fits_succeeds() -> None:
    assert read_stub({"rules": [{"when": "false", "answer": 500}]})._rules[0].answers == (Answer(500),)
    assert called({"rules": [{"when": "false", "answer": 500}]}) == [("jane@example.com", 0, "http_200")]


# --- what came of it -------------------------------------------------------------------------------------------------


def test_counts_paths_and_coverage() -> None:
    virtual = Virtual(follow_up())
    for number in range(5):
        virtual.send(email=f"{number}@example.com")
    virtual.days(3)
    for number in range(2):
        virtual.send("e2", email=f"{number}@example.com")
    virtual.days(1)
    found = summary(virtual.world, virtual.world.journeys[0])
    nodes = {node["id"]: node for node in found["nodes"]}
    assert (found["customers"], found["entered"], found["ended"]) == (5, 5, {"active": 3, "ended": 2})
    assert (nodes["pay"]["entered"], nodes["pay"]["now"], nodes["pay"]["left"]) == (5, 3, {"default": 2, "timeout": 0})
    assert found["paths"][0] == {"path": ["start", "pause", "pay"], "status": "active", "count": 3}
    assert found["calls"] == [{"action": "SendMail", "statusCode": "http_200", "count": 2}]
    seen = coverage_of(virtual.world.journeys[0], virtual.world.records)
    assert seen.missed_nodes == ["late"]
    assert seen.missed_edges == [("pay", "timeout", "late")]
    assert seen.percent == pytest.approx(100 * 7 / 9)


def test_a_clock_of_events_is_the_worlds() -> None:
    clock = VirtualClock(5)
    clock.at_us = 7
    assert clock.now_us() == 7


def test_times_may_be_read_in_the_zone_of_a_profile_that_nothing_has_read_before() -> None:
    evening = [{"id": "x", "hours": {"from": "21:00", "to": "22:00"}}]
    noon = {"type": "condition", "conditionType": "time", "paths": evening}
    doc = document({"c": noon, "e": {"type": "end"}}, ("start", "c"), ("c", "e", "path", "x"), useProfileTimeZone=True)
    virtual = Virtual(doc)
    virtual.people.put("Email", "jane@example.com", {"timeZone": "Asia/Tokyo"})
    virtual.send(at_us=NOW_US - NOW_US % DAY_US + DAY_US + 12 * 3_600_000_000 + 1)
    virtual.days(2)
    (record,) = virtual.world.records
    assert [step.node_id for step in record.steps][-1] == "e"  # noon in UTC is nine in the evening there
