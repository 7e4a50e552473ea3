"""Entrances of a draft beside those that happened: which are the same, and what is different."""

from journey_world import NOW_US, document
from simulated import Virtual
from test_simulate import LOYALTY, MAIL, WAIT

from parcours.journeys.backtest import Run, RunCall, compare, live_ids, live_run, side_summary, simulated_run
from parcours.journeys.seen import seeded_ids

MINUTE_US = 60_000_000


def went(key: str, at_min: int = 0, status: str = "ended", **calls: int) -> Run:
    entered = NOW_US + at_min * MINUTE_US
    made = tuple(RunCall(entered + after * MINUTE_US, name, "sent") for name, after in calls.items())
    return Run(key, entered, status, ("start",), made)


def kinds(drafts: list[Run], lives: list[Run]) -> list[tuple[str, str]]:
    return [(pair.key, pair.kind) for pair in compare(drafts, lives)]


def test_calls_are_compared_by_action_and_by_time_since_entrance() -> None:
    lives = [went("a", Mail=5), went("b", Mail=5), went("c", Mail=5), went("d", Mail=5), went("e")]
    drafts = [went("a", 3, Mail=8), went("b", Mail=30), went("c", Push=5), went("d", status="error", Mail=5), went("e")]
    assert kinds(drafts, lives) == [("a", "same"), ("b", "calls"), ("c", "calls"), ("d", "end"), ("e", "same")]


def test_who_is_on_one_side_alone_is_told() -> None:
    assert kinds([went("a")], [went("b")]) == [("a", "onlyDraft"), ("b", "onlyLive")]


def test_entrances_of_one_customer_are_paired_by_their_time() -> None:
    drafts = [went("a"), went("a", 60), went("a", 600)]
    assert kinds(drafts, [went("a", 61)]) == [("a", "onlyDraft"), ("a", "same"), ("a", "onlyDraft")]
    assert kinds([went("a", 61)], drafts) == [("a", "onlyLive"), ("a", "same"), ("a", "onlyLive")]
    assert kinds(drafts[:2], [went("a", 300), went("a", 900)]) == [("a", "same"), ("a", "same")]


def test_the_steps_of_a_live_instance_tell_the_same_as_its_simulation() -> None:
    doc = document(
        {"mail": MAIL, "pause": WAIT, "call": LOYALTY}, ("start", "mail"), ("mail", "pause"), ("pause", "call")
    )
    virtual = Virtual(doc, stubs={"SendMail": {"latency": "7s"}, "Loyalty": 404})
    virtual.send()
    virtual.world.run()
    (record,) = virtual.world.records
    drafted = simulated_run(record)
    live = live_run("jane@example.com", NOW_US, "1.0", None, "error", record.steps, NOW_US + 10**15)
    assert (live.path, live.status) == (drafted.path, drafted.status) == (("start", "mail", "pause", "call"), "error")
    assert [(c.at_us, c.action) for c in live.calls] == [(c.at_us, c.action) for c in drafted.calls]
    assert [c.status for c in live.calls] == ["sent", "404"]
    assert next(iter(compare([drafted], [live]))).kind == "same"
    before = live_run("jane@example.com", NOW_US, "1.0", None, "error", record.steps, NOW_US + 8 * 1_000_000)
    assert (before.status, before.path, len(before.calls)) == ("active", ("start", "mail", "pause"), 1)


def test_a_side_is_counted() -> None:
    found = side_summary([went("a", Mail=1), went("a", 9, Mail=1), went("b", status="active")])
    assert (found["customers"], found["entered"], found["calls"]) == (2, 3, {"Mail": 2})
    assert found["ended"] == {"ended": 2, "active": 1}


def test_ids_are_those_of_the_live_instances_as_far_as_there_are_some() -> None:
    journey = Virtual(
        document(
            {},
        )
    ).world.journeys[0]
    ids = live_ids([("a", "x1"), ("b", "y"), ("a", "x2")], "seed")
    assert [ids(journey, "a", 0), ids(journey, "a", 1), ids(journey, "b", 0)] == ["x1", "x2", "y"]
    assert ids(journey, "a", 2) == seeded_ids("seed")(journey, "a", 2)
