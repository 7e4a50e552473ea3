"""What the check says of metrics and of experiments that are measured, and how a simulated world keeps to them."""

from typing import Any

import pytest
from journey_world import DAY_US, IDENTITY, SECOND_US, WORLD, compiled, document
from simulated import Virtual

from parcours.journeys.compile import examine
from parcours.journeys.definitions import map_expressions, uids_in

END = {"type": "end"}
PAID = {"id": "paid", "type": "event", "eventUid": "e2"}
BANDIT = {
    "type": "optimize", "optimizeType": "experiment", "experimentType": "bandit", "successMetric": "paid",
    "paths": [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 50}],
}  # fmt: skip
EDGES = (("start", "o"), ("o", "x", "path", "a"), ("o", "y", "path", "b"))


def experiment(node: dict[str, Any], *metrics: Any) -> dict[str, Any]:
    return document({"o": node, "x": END, "y": END}, *EDGES, metrics=list(metrics))


def told(doc: dict[str, Any]) -> list[tuple[str, str, str | None, str]]:
    _, found = examine(doc, WORLD, IDENTITY)
    return [(fault.code, fault.path, fault.node_id, fault.severity) for fault in found]


def test_a_measured_bandit_has_no_fault() -> None:
    assert told(experiment(BANDIT, PAID, "a word", {"id": "done", "type": "completed", "withinDays": 91})) == []


@pytest.mark.parametrize(
    ("metric", "code", "path"),
    [
        ({**PAID, "eventUid": "gone"}, "ERR_EVENT_UNKNOWN", "$.metrics[0].eventUid"),
        ({**PAID, "eventUid": "e3"}, "ERR_EVENT_NAMESPACE", "$.metrics[0].eventUid"),
        ({**PAID, "eventUid": "b1"}, "ERR_EVENT_NAMESPACE", "$.metrics[0].eventUid"),
        ({**PAID, "expression": "@event{Payment.total}"}, "ERR_EXPRESSION", "$.metrics[0].expression"),
        ({**PAID, "expression": "@event{Order.total} > 1"}, "ERR_EXPRESSION", "$.metrics[0].expression"),
        ({**PAID, "value": {"expression": "@event{Payment.city}"}}, "ERR_EXPRESSION", "$.metrics[0].value.expression"),
        ({"id": "paid", "type": "event"}, "ERR_DOCUMENT_SHAPE", "$.metrics[0]"),
        ({"id": "paid", "type": "completed", "eventUid": "e2"}, "ERR_DOCUMENT_SHAPE", "$.metrics[0].eventUid"),
        ({**PAID, "withinDays": 92}, "ERR_DOCUMENT_SHAPE", "$.metrics[0].withinDays"),
        ({**PAID, "id": "two words"}, "ERR_DOCUMENT_SHAPE", "$.metrics[0].id"),
        ({"id": "paid", "type": "moon"}, "ERR_DOCUMENT_SHAPE", "$.metrics[0].type"),
        (7, "ERR_DOCUMENT_SHAPE", "$.metrics[0]"),
        ("", "ERR_DOCUMENT_SHAPE", "$.metrics[0]"),
        ({"id": "paid", "type": "clicked"}, "ERR_METRIC_MESSAGE", "$.metrics[0].type"),
    ],
)
def test_a_bad_metric_is_told_where_it_is(metric: Any, code: str, path: str) -> None:
    assert (code, path) in [one[:2] for one in told(experiment(BANDIT, metric))]


def test_two_metrics_with_one_id_and_more_than_ten_are_refused() -> None:
    assert ("ERR_METRIC_ID", "$.metrics[1].id", None, "error") in told(
        experiment(BANDIT, PAID, {**PAID, "withinDays": 2})
    )
    many = [PAID, *({**PAID, "id": f"m{number}"} for number in range(10))]
    assert told(experiment(BANDIT, *many)) == [("ERR_METRIC_NUMBER", "$.metrics[10]", None, "error")]
    assert told(experiment(BANDIT, *many[:10])) == []


@pytest.mark.parametrize(
    ("node", "metrics", "fault"),
    [
        ({}, [], ("ERR_OPTIMIZE_METRIC", "$.nodes.o.successMetric", "o", "error")),
        ({"successMetric": "done"}, [PAID], ("ERR_OPTIMIZE_METRIC", "$.nodes.o.successMetric", "o", "error")),
        (
            {"experimentType": "ab", "successMetric": "done"},
            [PAID],
            ("ERR_OPTIMIZE_METRIC", "$.nodes.o.successMetric", "o", "warning"),
        ),
        (
            {"experimentType": "ab", "exploration": 20},
            [PAID],
            ("ERR_OPTIMIZE_ALLOCATION", "$.nodes.o.exploration", "o", "error"),
        ),
        (
            {"experimentType": "ab", "recalculateDays": 2},
            [PAID],
            ("ERR_OPTIMIZE_ALLOCATION", "$.nodes.o.recalculateDays", "o", "error"),
        ),
        (
            {"paths": [{"id": "a", "percentage": 100}]},
            [PAID],
            ("ERR_OPTIMIZE_ALLOCATION", "$.nodes.o.paths", "o", "error"),
        ),
        ({"holdout": 10}, [PAID], ("ERR_OPTIMIZE_SHARES", "$.nodes.o.paths", "o", "error")),
        ({"scaleWinner": {"confidence": 50}}, [PAID],
         ("ERR_DOCUMENT_SHAPE", "$.nodes.o.scaleWinner.confidence", "o", "error")),
    ],
)  # fmt: skip
def test_a_bad_experiment_is_told_where_it_is(node: dict[str, Any], metrics: list[Any], fault: Any) -> None:
    assert fault in told(experiment({**BANDIT, **node}, *metrics))


def test_words_alone_ask_nothing_of_an_experiment_without_a_metric() -> None:
    assert told(experiment({**BANDIT, "experimentType": "ab"}, "purchases")) == []


def test_a_winner_is_not_scaled_where_an_audience_is_read() -> None:
    doc = experiment({**BANDIT, "scaleWinner": {}}, PAID)
    doc["nodes"]["start"] = {"type": "readAudience", "audienceId": "vip", "schedule": {"type": "once"}}
    found = told(doc)
    assert ("ERR_OPTIMIZE_WINNER", "$.nodes.o.scaleWinner", "o", "error") in found


def test_rules_have_no_shares_to_change() -> None:
    rules = {
        "type": "optimize", "optimizeType": "targeting", "experimentType": "bandit",
        "paths": [{"id": "a", "expression": "true"}, {"id": "b", "expression": "false"}],
    }  # fmt: skip
    assert ("ERR_OPTIMIZE_ALLOCATION", "$.nodes.o.experimentType", "o", "error") in told(experiment(rules, PAID))


def test_events_of_metrics_are_found_and_their_expressions_follow_a_new_name() -> None:
    doc = experiment(BANDIT, {**PAID, "expression": "@event{Payment.total} > 1", "value": {"expression": "1"}}, "word")
    assert uids_in(doc, "eventUid") == {"e1", "e2"}
    changed = map_expressions(doc, lambda text: f"({text})")["metrics"][0]
    assert (changed["expression"], changed["value"]) == ("(@event{Payment.total} > 1)", {"expression": "(1)"})


def test_a_journey_without_computed_metrics_asks_nothing_for_its_experiments() -> None:
    assert compiled(experiment({**BANDIT, "experimentType": "ab"}, "word")).experiments == ()
    assert compiled(experiment(BANDIT, PAID)).experiments == ("o",)


def weeks() -> Virtual:
    """Three virtual weeks: 60 people a day come, and of those who get `b` most pay."""
    virtual = Virtual(experiment(BANDIT, {**PAID, "value": {"expression": "@event{Payment.total}"}}))
    number = 0
    for day in range(21):
        for _ in range(60):
            email = f"p{number}@example.com"
            virtual.send(email=email, at_us=virtual.world.clock.at_us)
            last = virtual.world.records[-1].steps[-1].node_id
            if number % 10 < (6 if last == "y" else 1):
                virtual.send("e2", email=email, total=2.5)
            number += 1
        virtual.days(1)
        assert virtual.world.measured is not None
        assert (("version", "o") in virtual.world.measured.states) == (day >= 7), day
    return virtual


def test_in_a_simulated_world_a_bandit_moves_every_seven_days_and_the_same_each_time() -> None:
    first, second = weeks(), weeks()
    for virtual in (first, second):
        assert virtual.world.measured is not None
    states = first.world.measured.states
    assert states == second.world.measured.states
    state = states["version", "o"]
    assert state["number"] == 2
    assert state["shares"]["b"] > 85
    assert state["shares"]["a"] >= 5
    ends = [record.steps[-1].node_id for record in first.world.records]
    assert abs(ends[: 7 * 60].count("y") - 210) < 60
    assert ends[8 * 60 :].count("y") > 0.8 * len(ends[8 * 60 :])
    (paid,) = [c.number for c in first.world.measured.counts("version") if (c.subject, c.what) == ("", "converted")]
    (value,) = [c.number for c in first.world.measured.counts("version") if (c.subject, c.what) == ("", "value")]
    assert value == paid * 2_500


def test_in_a_simulated_world_who_comes_again_gets_the_same_path() -> None:
    doc = experiment(BANDIT, PAID)
    doc["entry"]["reentrance"] = {"allowed": True, "waitSeconds": 1}
    virtual = Virtual(doc)
    for _ in range(2):
        for number in range(80):
            virtual.send(email=f"p{number}@example.com")
        for number in range(80):
            if virtual.world.records[number].steps[-1].node_id == "y":
                virtual.send("e2", email=f"p{number}@example.com")
        virtual.days(9)
    ways = [record.steps[-1].node_id for record in virtual.world.records]
    assert ways[:80] == ways[80:]
    assert virtual.world.clock.at_us - virtual.world.records[0].instance.entered_at_us == 18 * DAY_US
    assert SECOND_US
