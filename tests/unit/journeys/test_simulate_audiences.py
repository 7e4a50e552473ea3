"""Audiences in a simulated world: who is in, who comes and goes, and the runs that read them."""

from typing import Any

import pytest
from journey_world import DAY_US, MINUTE_US, NOW_US, SECOND_US, document
from simulated import Virtual

from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.bundle import BundleInvalid, read_bundle
from parcours.journeys.crowd import Belonging, CrowdInvalid, read_members, settle
from parcours.journeys.feed import LineInvalid, feed, first_moment, read_events, read_lookups, read_profiles
from parcours.journeys.outcome import report, trace_of
from parcours.journeys.people import GivenPeople
from parcours.journeys.seen import VirtualClock
from parcours.journeys.simulate import Endless, World
from parcours.kit.yaml_text import read_yaml

HOUR_US = 60 * MINUTE_US
IN = 'inAudience("VIP customers")'
STAY = {"type": "wait", "duration": {"value": 5, "unit": "days"}}


def reading(*edges: Any, **node: Any) -> dict[str, Any]:
    start = {"type": "readAudience", "audienceId": "vip", **node}
    return document({"start": start, "stay": STAY}, ("start", "stay"), *edges)


def told(virtual: Virtual) -> list[tuple[int, int, str, int, int, str | None]]:
    """(hours after the beginning, wave, status, read, entered, reason) of each run."""
    return [
        ((r.due_at_us - NOW_US) // HOUR_US, r.wave, r.status, r.read_count, r.entered_count, r.reason)
        for r in virtual.world.runs(virtual.world.journeys[0])
    ]


def people(number: int) -> list[str]:
    return [f"p{n:05}@x" for n in range(number)]


# --- membership ------------------------------------------------------------------------------------------------------


def test_a_condition_asks_who_is_in_an_audience_at_the_virtual_moment() -> None:
    checks = {"type": "condition", "paths": [{"id": "in", "expression": IN}], "otherPath": True}
    virtual = Virtual(
        document({"a": checks, "pause": {**STAY}, "b": checks}, ("start", "a"), ("a", "pause", "path", "in"),
                 ("a", "pause", "other"), ("pause", "b"))
    )  # fmt: skip
    virtual.world.bring_in("vip", "Email", ["jane@example.com"])
    virtual.world.schedule_upload(NOW_US + DAY_US, "vip", "Email", ["joe@example.com"], "replace")
    for email in ("jane@example.com", "joe@example.com"):
        virtual.send(email=email)
    virtual.days(6)
    ways = [[step.detail["chosen"] for step in r.steps if step.node_id in "ab"] for r in virtual.world.records]
    assert ways == [["path:in", "other"], ["other", "path:in"]]


def test_the_audience_of_another_identity_of_the_same_person_counts() -> None:
    checks = {"type": "condition", "paths": [{"id": "in", "expression": IN}]}
    virtual = Virtual(document({"a": checks}, ("start", "a")))
    identity_map = {"ECID": [{"id": "e-1"}], "CRMID": [{"id": "c-1"}]}
    virtual.people.put("Email", "jane@example.com", {"identityMap": identity_map, "tier": "gold"})
    virtual.people.put("ECID", "e-1", {"visits": 2})
    virtual.world.bring_in("vip", canonical_namespace("CRMID"), ["c-1"])
    virtual.send()
    assert virtual.world.records[0].steps[-1].detail["chosen"] == "path:in"
    assert virtual.people.profile(("Email", "jane@example.com"))["visits"] == 2
    assert virtual.people.cluster(("ECID", "e-1"))[0] == ("ECID", "e-1")


def test_who_enters_and_leaves_begins_ends_and_meets_the_race_and_the_exit_criterion() -> None:
    races = document(
        {
            "out": {"type": "audienceQualification", "audienceId": "vip", "verbs": ["exit"]},
            "late": {"type": "wait", "duration": {"value": 2, "unit": "days"}},
            "mail": {"type": "customAction", "actionUid": "a2"},
        },
        ("start", "out"), ("start", "late"), ("out", "mail"),
    )  # fmt: skip
    begins = document(
        {"start": {"type": "audienceQualification", "audienceId": "vip"}, "stay": STAY}, ("start", "stay"),
        exitCriteria=[{"id": "gone", "audienceId": "vip", "verbs": ["exit"]}],
    )  # fmt: skip
    virtual = Virtual(races, begins)
    world = virtual.world
    world.bring_in("vip", "Email", ["jane@example.com"])
    for email in ("jane@example.com", "joe@example.com"):
        virtual.send(email=email)
    assert [record.journey.journey_uid for record in world.records] == ["journey", "journey"], "being in is no entering"
    world.schedule_upload(NOW_US + HOUR_US, "vip", "Email", ["joe@example.com", "jane@example.com"])
    world.schedule_upload(NOW_US + DAY_US, "vip", "Email", ["jane@example.com", "joe@example.com"], "remove")
    world.run()
    ends = [(r.journey.journey_uid, r.instance.key, r.instance.status) for r in world.records]
    assert ends == [
        ("journey", "jane@example.com", "ended"), ("journey", "joe@example.com", "ended"),
        ("j1", "joe@example.com", "exited"),
    ]  # fmt: skip
    assert [len(record.sent) for record in world.records] == [1, 1, 0]
    events = [(one.event, one.key, len(one.journeys)) for one in world.received if one.event != "Order"]
    assert events[0] == ("AudienceQualification", "joe@example.com", 2)
    assert [one["outcome"] for one in world.received[2].journeys] == ["ignored", "entered"]


# --- runs ------------------------------------------------------------------------------------------------------------


def test_members_enter_at_the_reading_rate() -> None:
    virtual = Virtual(reading(throttlingRate=500))
    virtual.world.bring_in("vip", "Email", people(1_200))
    virtual.world.run(NOW_US)
    assert len(virtual.world.records) == 500
    virtual.world.run(NOW_US + SECOND_US)
    assert len(virtual.world.records) == 1_000
    virtual.world.run()
    assert told(virtual) == [(0, 0, "finished", 1_200, 1_200, None)]
    assert {record.instance.run["index"] for record in virtual.world.records if record.instance.run} == {1}


def test_waves_read_everybody_once() -> None:
    virtual = Virtual(
        reading(schedule={"type": "once", "startDate": "2026-01-01T06:00"}, waves={"count": 3, "minutesApart": 120})
    )
    virtual.world.bring_in("vip", "Email", people(300))
    virtual.world.run()
    runs = told(virtual)
    assert [run[:4] for run in runs] == [(6, 0, "finished", 300), (8, 1, "finished", 300), (10, 2, "finished", 300)]
    assert sum(run[4] for run in runs) == len({record.instance.key for record in virtual.world.records}) == 300
    assert min(run[4] for run in runs) > 50


def test_waves_of_their_own_sizes_begin_at_their_dates() -> None:
    dates = ["2026-01-01T06:00", "2026-01-01T07:00", "2026-01-01T20:00"]
    virtual = Virtual(reading(waves={"count": 3, "startDates": dates, "profiles": [10, 200, 500]}))
    virtual.world.bring_in("vip", "Email", people(300))
    virtual.world.run()
    assert [run[:5] for run in told(virtual)] == [
        (6, 0, "finished", 10, 10), (7, 1, "finished", 200, 200), (20, 2, "finished", 90, 90),
    ]  # fmt: skip


def test_forced_reentrance_lets_everybody_in_anew_with_each_run() -> None:
    start = {
        "type": "readAudience", "audienceId": "vip", "schedule": {"type": "daily", "time": "09:00"},
        "forceReentrance": True,
    }  # fmt: skip
    virtual = Virtual(document({"start": start, "pay": {"type": "event", "eventUid": "e2"}}, ("start", "pay")))
    virtual.world.bring_in("vip", "Email", people(3))
    virtual.days(2)
    assert [run[:5] for run in told(virtual)] == [
        (9, 0, "finished", 3, 3), (33, 0, "finished", 3, 3), (57, 0, "queued", 0, 0),
    ]  # fmt: skip
    statuses = [record.instance.status for record in virtual.world.records]
    assert statuses == ["timedout"] * 3 + ["active"] * 3
    first = virtual.world.records[0].steps[-1]
    assert first.at_us == NOW_US + 33 * HOUR_US, "an instance lives until the next run"


def test_a_run_waits_for_its_audience_and_is_skipped_in_the_end() -> None:
    schedule = {"type": "daily", "time": "09:00"}
    virtual = Virtual(reading(schedule=schedule, waitForAudienceHours=2))
    virtual.world.bring_in("vip", "Email", people(1))
    virtual.world.schedule_upload(NOW_US + 34 * HOUR_US, "vip", "Email", people(2))
    virtual.days(3)
    runs = told(virtual)
    assert [run[2] for run in runs] == ["finished", "finished", "skipped", "queued"]
    assert runs[2][5] == "audienceNotEvaluated"
    second, third = virtual.world.runs(virtual.world.journeys[0])[1:3]
    assert (second.started_at_us, third.finished_at_us) == (NOW_US + 34 * HOUR_US, NOW_US + 59 * HOUR_US)


def test_a_business_event_reads_the_audience_each_time() -> None:
    doc = document(
        {
            "start": {"type": "businessEvent", "eventUid": "b1"},
            "read": {"type": "readAudience", "audienceId": "vip"},
            "late": {"type": "condition", "paths": [{"id": "x", "expression": "@event{FlightLate.total} > 10"}]},
            "stay": STAY,
        },
        ("start", "read"), ("read", "late"), ("late", "stay", "path", "x"),
    )  # fmt: skip
    virtual = Virtual(doc, business=("b1",))
    virtual.world.bring_in("vip", "Email", people(2))
    virtual.send("b1", total=20)
    virtual.days(1)
    virtual.send("b1", total=5)
    assert [run[2:5] for run in told(virtual)] == [("finished", 2, 2), ("finished", 2, 0)]
    assert [one.journeys[0]["outcome"] for one in virtual.world.received] == ["runBegun", "runBegun"]
    shown = report(virtual.world, NOW_US)
    assert shown["journeys"][0]["refused"] == {"notSuitableInitialEvent": 2}
    assert [run["entered"] for run in shown["journeys"][0]["runs"]] == [2, 0]
    trace = trace_of(virtual.world, "p00000@x")
    assert (len(trace["instances"]), trace["events"][0]["decisions"][0]["event"]) == (1, "ReadAudience")


def test_a_world_that_reads_without_end_is_told_until_when_to_run() -> None:
    daily = {"type": "daily", "time": "09:00"}
    with pytest.raises(Endless, match="again and again without end"):
        Virtual(reading(schedule=daily)).world.run()
    virtual = Virtual(reading(schedule={**daily, "endDate": "2026-01-04T00:00"}))
    virtual.world.run()
    assert [run[0] for run in told(virtual)] == [9, 33, 57]


def test_the_end_date_takes_out_who_is_inside() -> None:
    virtual = Virtual({**document({"stay": STAY}, ("start", "stay")), "endDate": "2026-01-03T00:00:00Z"})
    virtual.send()
    virtual.world.run()
    (record,) = virtual.world.records
    assert (record.instance.status, record.steps[-1].at_us, record.timers) == ("ended", NOW_US + 2 * DAY_US, {})


# --- files -----------------------------------------------------------------------------------------------------------

CONFIG = """\
audiences:
  - {name: VIP, id: v-1, identityNamespace: CRMID}
  - {name: Readers, identityNamespace: Email}
"""
JOURNEY = """\
name: J
entry: {node: start}
nodes:
  start: {type: audienceQualification, audience: VIP}
  stay: {type: wait, duration: {value: 5, unit: days}}
edges: [{from: start, to: stay}]
exitCriteria: [{id: x, audience: Readers}]
"""


def made(journey: str = JOURNEY, at_us: int = NOW_US) -> tuple[World, Any, GivenPeople]:
    clock = VirtualClock(at_us)
    bundle = read_bundle([read_yaml(CONFIG, "c.yaml")], clock)
    people = GivenPeople()
    compiled = [bundle.compile(read_yaml(journey, "j.yaml"))]
    return World(compiled, bundle.events, bundle.actions, clock, people=people), bundle, people


def test_lines_let_people_enter_and_leave_in_order_of_their_moments() -> None:
    lines = [
        b'{"at": "+1d", "audience": "VIP", "leave": ["a"], "enter": ["c"]}',
        b'{"audience": "v-1", "enter": ["a", "b"]}',
    ]
    fed = list(read_events(lines, "e"))
    world, bundle, people = made()
    assert feed(world, bundle, people, fed, first_moment(fed)) == 2
    world.run(NOW_US + DAY_US)
    told = [(one.key, one.namespace, [j["outcome"] for j in one.journeys]) for one in world.received]
    assert told == [("a", "crmid", ["entered"]), ("b", "crmid", ["entered"]), ("a", "crmid", ["ignored"]),
                    ("c", "crmid", ["entered"])] or told[2][2] == ["refused"]  # fmt: skip


def test_changes_before_the_start_are_there_and_nobody_hears_of_them() -> None:
    lines = [
        b'{"at": "2025-12-30T00:00:00Z", "audience": "VIP", "leave": ["a"]}',
        b'{"at": "2025-12-29T00:00:00Z", "audience": "VIP", "enter": ["a", "b"]}',
    ]
    world, bundle, people = made()
    feed(world, bundle, people, list(read_events(lines, "e")), NOW_US)
    world.run()
    assert world.received == []
    assert [bool(world.audiences_of(("crmid", key), ["v-1"])) for key in "ab"] == [False, True]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"audience": "VIPP", "enter": ["a"]}', "e:1: no audience is called 'VIPP'; there are: Readers, VIP"),
        (b'{"audience": "VIP"}', "e:1: a change of an audience has enter, leave or both, or replace alone"),
        (b'{"audience": "VIP", "enter": "a"}', "e:1: enter is a list of ids"),
        (b'{"audience": "VIP", "enters": ["a"]}', "e:1: a change of an audience has audience, at, and"),
        (b'{"audience": "", "enter": ["a"]}', "e:1: audience is the name or id of an audience"),
        (b'{"profile": {"namespace": "Email", "id": "a", "audiences": ["VIP"]}}', "e:1: a line {"),
    ],
)
def test_a_line_about_an_audience_that_cant_be_used_is_told(line: bytes, said: str) -> None:
    world, bundle, people = made()
    with pytest.raises(LineInvalid) as caught:
        feed(world, bundle, people, list(read_events([line], "e")), NOW_US)
    assert str(caught.value).startswith(said)


def test_profiles_say_which_audiences_they_are_in(tmp_path: Any) -> None:
    world, bundle, people = made()
    belongings: list[Belonging] = []
    line = (
        b'{"namespace": "Email", "id": "a@x", "audiences": ["VIP"],'
        b' "attributes": {"identityMap": {"CRMID": [{"id": "a"}]}}}'
    )
    assert read_profiles([line], "p", people, belongings) == 1
    known = bundle.known_audiences(world.journeys)
    settle(world, known, belongings)
    assert world.audiences_of(("Email", "a@x"), ["v-1"]) == {"v-1"}
    with pytest.raises(CrowdInvalid, match="members of 'VIP' are ids of crmid, and 'b@x'"):
        settle(world, known, [Belonging("VIP", "Email", "b@x")])
    file = tmp_path / "m.csv"
    file.write_text("crmid,city\na,Paris\nb,Rome\n")
    assert [one.id for one in read_members(file, "crmid")] == ["a", "b"]
    file.write_text("crmid,city\n,Paris\n")
    with pytest.raises(CrowdInvalid, match=r"m.csv:2: "):
        read_members(file, "crmid")
    with pytest.raises(CrowdInvalid, match="is called"):
        read_members(tmp_path / "m.txt", "crmid")


def test_rows_of_lookups_are_read_from_lines() -> None:
    assert read_lookups([b'{"dataSet": "d", "key": "k", "row": {"a": 1}}'], "r") == {"d": {"k": {"a": 1}}}
    with pytest.raises(LineInvalid, match="r:1: a row has dataSet and key"):
        read_lookups([b'{"dataSet": "d", "key": 1, "row": {}}'], "r")


def test_names_of_audiences_become_ids_and_an_unknown_one_is_told_with_its_place() -> None:
    world, _, _ = made()
    (journey,) = world.journeys
    assert (journey.entry_event_uid, journey.exit_criteria[0].event_uid) == ("audience:v-1", "audience:Readers")
    assert journey.namespace == "crmid"
    with pytest.raises(BundleInvalid, match=r"j.yaml:7:\d+: no audience is called 'Nope'; there are: Readers, VIP"):
        made(JOURNEY.replace("audience: Readers", "audience: Nope"))
    with pytest.raises(BundleInvalid, match=r"c.yaml:1:\d+: identityNamespace is required"):
        read_bundle([read_yaml("audiences: [{name: X}]", "c.yaml")], VirtualClock(0))
