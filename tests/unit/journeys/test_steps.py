"""Step events as records: valid by the standard schema, and the same however often they are made."""

import orjson
from journey_world import GOOD, NOW_US, SECOND_US, compiled, document, entered

from parcours.journeys.engine import advance
from parcours.journeys.model import ActionAnswered, ActionOutcome, TimerDue
from parcours.journeys.steps import to_document, to_lines
from parcours.xdm.library import library
from parcours.xdm.registry import Registry
from parcours.xdm.table import compile_schema

SCHEMA = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEventSchema"
JOURNEY = compiled(
    document(
        {
            "w": {"type": "wait", "label": "Two seconds", "duration": {"value": 2, "unit": "seconds"}},
            "m": {
                "type": "customAction",
                "actionUid": "a1",
                "parameters": [{"paramPath": "/to", "expression": '"x"'}],
            },
            "n": {"type": "customAction", "actionUid": "a2"},
        },
        ("start", "w"),
        ("w", "m"),
        ("m", "n", "error"),
    )
)


def test_every_kind_of_step_is_a_valid_record_of_the_step_event_schema() -> None:
    schema = compile_schema(Registry(), library()[SCHEMA])
    transition = entered(JOURNEY)
    steps = list(transition.steps)
    bad = ActionOutcome("http_500", elapsed_ms=12, endpoint="https://x.example", method="POST", origin_error="http")
    for stimulus in (TimerDue("w", 1), ActionAnswered("m", 2, bad), ActionAnswered("n", 3, GOOD)):
        transition = advance(JOURNEY, transition.instance, stimulus, NOW_US + 2 * SECOND_US)
        steps += transition.steps
    assert [(step.node_id, step.is_processed) for step in steps] == [
        ("start", True),
        ("w", False),
        ("w", True),
        ("m", True),
        ("n", True),
    ]
    records = [orjson.loads(line) for line in to_lines(JOURNEY, transition.instance, steps)]
    for record in records:
        assert schema.violations(record) == []
    assert len({record["_id"] for record in records}) == len(records)
    fields = [record["_experience"]["journeyOrchestration"]["stepEvents"] for record in records]
    assert [field["nodeType"] for field in fields] == ["start", "wait", "wait", "action", "action"]
    assert [field["stepStatus"] for field in fields] == ["ended", "transitions", "ended", "error", "ended"]
    assert fields[0]["entrance"] is True
    assert fields[1]["stepID"] == fields[2]["stepID"] == fields[3]["parentStepID"]
    assert fields[2]["stepName"] == "Two seconds"
    assert fields[2]["processingTime"] == 2000
    assert fields[3]["actionExecutionError"] == "http"
    assert fields[4]["parentTransitionID"] == "error"
    assert fields[4]["instanceEnded"] is True
    assert records[2]["timestamp"] == "2026-01-01T00:00:02.000Z"
    assert records[0]["identityMap"] == {"Email": [{"id": "jane@example.com", "primary": True}]}


def test_keys_and_names_that_json_must_escape_come_back_as_they_were() -> None:
    name = 'The "first"\\ ü\n'
    journey = compiled(document({"e": {"type": "end", "label": name}}, ("start", "e")))
    transition = entered(journey)
    odd = transition.instance._replace(key="o'neil\"\\\u2028@example.com", namespace='n"s')
    first, record = map(orjson.loads, to_lines(journey, odd, transition.steps, is_reentrance=True))
    fields = record["_experience"]["journeyOrchestration"]["stepEvents"]
    assert (fields["nodeName"], fields["externalKey"], fields["instanceID"]) == (name, odd.key, odd.id)
    assert record["identityMap"] == {'n"s': [{"id": odd.key, "primary": True}]}
    assert first["_experience"]["journeyOrchestration"]["stepEvents"]["reentrance"] is True


def test_a_step_shown_to_a_person_leaves_out_what_says_nothing() -> None:
    shown = to_document(entered(JOURNEY).steps[0])
    assert shown == {
        "seq": 0,
        "atUs": NOW_US,
        "nodeId": "start",
        "nodeName": "Order",
        "nodeType": "start",
        "stepStatus": "ended",
        "eventId": "e1",
        "pass": 0,
        "processed": True,
        "entrance": True,
        "transition": "default",
    }
