"""docs/reference/step-events.md, the schemas and the records agree on which fields there are and which are written."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from journey_world import GOOD, NOW_US, SECOND_US, WORLD, compiled, document, entered, through_storage

from parcours.journeys.activities.jump import provenance
from parcours.journeys.activities.kind import ActionShape
from parcours.journeys.activities.reaction import told_of
from parcours.journeys.discards import DUPLICATION, MAX_LINES, TOO_MANY_PENDING, Discards
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.model import (
    ActionAnswered,
    ActionOutcome,
    DataFetched,
    Entered,
    EventReceived,
    FetchOutcome,
    MessageReply,
    Replied,
    TakeMessage,
    TimerDue,
)
from parcours.journeys.records import version_line
from parcours.journeys.schedule import first_runs
from parcours.journeys.steps import run_line, to_lines
from parcours.resources.store import Resource
from parcours.rulesets.model import Refusal, Rule, RuleSet, Verdict
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.library import library
from parcours.xdm.registry import Registry
from parcours.xdm.table import compile_schema

SCHEMAS = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents"
PAGE = Path(__file__).parents[3] / "docs/reference/step-events.md"
JOURNEY = compiled(
    document(
        {
            "c": {"type": "condition", "paths": [{"id": "y", "expression": "true"}]},
            "w": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}},
            "m": {
                "type": "customAction",
                "actionUid": "a1",
                "parameters": [{"paramPath": "/to", "expression": '"x"'}],
            },
            "n": {"type": "customAction", "actionUid": "a2"},
        },
        ("start", "c"),
        ("c", "w", "path", "y"),
        ("w", "m"),
        ("m", "n", "error"),
    )
)
SPEC = re.findall(
    r"\w+",
    """
journeyID journeyVersionID journeyVersionName journeyVersion instanceID externalKey profileID profileNamespace eventID
nodeID nodeName nodeType journeyNodeProcessed stepID stepName stepType stepStatus parentStepID parentStepName
parentTransitionID parentTransitionName processingTime entrance reentrance instanceEnded inTest inDryRun dryRunID
exitCriteriaID exitCriteriaName instanceType recurrenceIndex isBatchToUnitary batchExternalKey batchInstanceID
batchUnitaryBranchID actionID actionName actionType actionParameterized actionBusinessType actionExecutionTime
actionExecutionError actionExecutionErrorCode actionExecutionOriginError actionExecutionOriginCode actionOriginEndpoint
actionOriginMethod actionOriginIsMTLS actionIsProxy actionExecutionOriginStartTime actionExecutionOriginTime
actionIsThrottled actionWaitTime actionSchedulerCount deliveryJobID batchDeliveryID fromSegmentTrigger fetchTotalTime
fetchCount fetchTypeInError fetchError fetchErrorCode fetchOriginError fetchOriginErrorCode fetchPlatformTotalTime
fetchPlatformCount fetchCustomTotalTime fetchCustomCount
""",
)
"""Every field of `stepEvents` in journeys §13.1."""


def schema(name: str) -> CompiledSchema:
    return compile_schema(Registry(), library()[f"{SCHEMAS}/{name}"])


def leaves(value: Any, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return {leaf for name, one in value.items() for leaf in leaves(one, f"{path}.{name}".lstrip("."))}


def documented(section: str, *, written: bool) -> set[str]:
    """Fields of a section's table: those that are written, or those that are not."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n{section}\n")[2]
    text = re.split(r"^##", text, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (`.*?`) \| (.*?) ?\|$", text, re.MULTILINE)
    return {name for cell, when in rows if written != when.startswith("–") for name in re.findall(r"`([\w.]+)`", cell)}


def exit_lines() -> list[bytes]:
    """One who is taken out, in test and in a dry run."""
    nodes = {"w": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}}}
    journey = compiled(
        document(nodes, ("start", "w"), exitCriteria=[{"id": "paid", "label": "Paid", "eventUid": "e2"}])
    )
    fields = {**journey.step_fields, "inTest": True, "inDryRun": True, "dryRunID": "d"}
    moved = advance(journey, new_instance(journey, "i3", "jane@example.com", NOW_US), Entered({}), NOW_US)
    gone = advance(journey, moved.instance, EventReceived("e2", {}), NOW_US)
    lines = to_lines(replace(journey, step_fields=fields, step_texts={}), gone.instance, gone.steps)
    last = orjson.loads(lines[-1])["_experience"]["journeyOrchestration"]["stepEvents"]
    assert (last["exitCriteriaID"], last["exitCriteriaName"], last["instanceEnded"]) == ("paid", "Paid", True)
    return lines


def ruled_lines() -> list[bytes]:
    """One whom a rule let in without their message, and one whom quiet hours took out."""
    rule = Rule("c/r", "r", "Weekly", "frequencyCap", 3, "week", channels=frozenset({"email"}))
    rule_set = RuleSet("c", "Promotions", "channel", False, (rule,))
    mail = ActionShape("mail", "Mail", {}, channel="Email")
    with patch.dict(WORLD.actions, {"mail": mail}):
        journey = compiled(document({"m": {"type": "customAction", "actionUid": "mail"}}, ("start", "m")))
    lines = []
    for number, verdict in enumerate((
        Verdict("skip", 0, Refusal("CAP_REACHED", rule_set, rule)),
        Verdict("discard", 0, Refusal("quietHours", rule_set, rule)),
    )):  # fmt: skip
        inside = new_instance(journey, f"r{number}", "jane@example.com", NOW_US)
        asked = advance(journey, inside, Entered({}), NOW_US)
        (command,) = [one for one in asked.commands if isinstance(one, TakeMessage)]
        told = advance(journey, asked.instance, Replied("m", command.pass_no, MessageReply(verdict, command)), NOW_US)
        lines += to_lines(journey, told.instance, told.steps)
    return lines


def fetch_lines() -> list[bytes]:
    """Two who read a data source, one in vain."""
    text = "#{Weather.world.temp} > 1"
    nodes = {"c": {"type": "condition", "paths": [{"id": "a", "expression": text}]}}
    journey = compiled(document(nodes, ("start", "c")))
    lines: list[bytes] = []
    outcomes = (
        FetchOutcome("Weather", "world", (0,), {"temp": 3}, elapsed_ms=4),
        FetchOutcome("Weather", "world", (0,), None, "timedout", "timedout", "http", "500", elapsed_ms=9),
    )
    for number, outcome in enumerate(outcomes):
        inside = new_instance(journey, f"f{number}", "jane@example.com", NOW_US)
        held = advance(journey, inside, Entered({}), NOW_US)
        done = advance(journey, held.instance, DataFetched("c", held.instance.pass_no, (outcome,)), NOW_US)
        lines += to_lines(journey, done.instance, (*held.steps, *done.steps))
    return lines


def booking_lines() -> list[bytes]:
    """One of several instances of a person, each for a booking."""
    booked = document({"e": {"type": "end"}}, ("start", "e"))
    booked["nodes"]["start"]["eventUid"] = "s1"
    journey = compiled(booked)
    inside = new_instance(journey, "b1", "jane@example.com", NOW_US, supplemental_id='A "1"')
    lines = to_lines(journey, inside, advance(journey, inside, Entered({}), NOW_US).steps)
    for line in lines:
        fields = orjson.loads(line)["_experience"]["journeyOrchestration"]["stepEvents"]
        assert (fields["supplementalID"], fields["supplementalNamespace"]) == ('A "1"', "BookingNumber")
    return lines


def fields_of(lines: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(line)["_experience"]["journeyOrchestration"]["stepEvents"] for line in lines]


def jump_lines() -> list[bytes]:
    """One whom a chain of two jumps let in: where it began, and where the last one was."""
    journey = compiled(document({"w": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}}}, ("start", "w")))
    first = new_instance(journey, "one", "jane@example.com", NOW_US)._replace(journey_uid="j1", version_uid="v1")
    second = first._replace(id="two", journey_uid="j2", version_uid="v2", jump=provenance(first))
    inside = new_instance(journey, "three", "jane@example.com", NOW_US, jump=provenance(second))
    moved = advance(journey, inside, Entered({}), NOW_US)
    kept = through_storage(moved.instance)
    assert kept == moved.instance
    lines = to_lines(journey, kept, moved.steps)
    for fields in fields_of(lines):
        assert [fields[f"{end}JumpJourney{what}"] for end in ("origin", "previous") for what in JUMP] == [
            "j1", "v1", "one", "j2", "v2", "two",
        ]  # fmt: skip
    return lines


JUMP = ("ID", "VersionID", "InstanceID")


def reaction_lines() -> list[bytes]:
    """One who opened a message."""
    nodes = {
        "m": {"type": "message", "channel": "email", "templateUid": "t1", "address": '"jane@example.com"'},
        "r": {"type": "reaction", "actionNodeId": "m", "reactions": ["opened"]},
        "e": {"type": "end"},
    }
    journey = replace(compiled(document(nodes, ("start", "m"), ("m", "r"), ("r", "e"))), mode="test")
    moved = advance(journey, new_instance(journey, "o1", "jane@example.com", NOW_US), Entered({}), NOW_US)
    moved = advance(journey, moved.instance, ActionAnswered("m", 1, ActionOutcome("sent")), NOW_US)
    old = EventReceived("reaction", {"reactions": ["opened"], "pass": 1})  # put aside by the release before
    assert "reactionActionID" not in advance(journey, moved.instance, old, NOW_US).steps[0].detail
    heard = EventReceived("reaction", told_of("open", ("opened",), 1, {}))
    moved = advance(journey, moved.instance, heard, NOW_US)
    lines = to_lines(journey, moved.instance, moved.steps)
    reacted, ended = fields_of(lines)
    assert (reacted["reactionActionID"], reacted["reactionChannel"]) == ("t1", "email")
    assert (reacted["reactionInteractionType"], reacted["eventProcessed"]) == ("open", True)
    assert (ended["parentNodeType"], ended["parentTransitionType"]) == ("reaction", "Event Triggered")
    assert not {"reactionActionID", "eventProcessed"} & ended.keys()
    return lines


def test_a_step_says_by_what_the_one_before_was_left() -> None:
    hear = {"type": "event", "eventUid": "e2", "timeout": {"value": 5, "unit": "minutes"}}
    nodes = {
        "c": {"type": "condition", "paths": [{"id": "y", "expression": "true"}]},
        "h": hear,
        "p": {**hear, "timeout": {**hear["timeout"], "path": True}},
        "n": {"type": "customAction", "actionUid": "a2"},
        "e": {"type": "end"},
    }
    ways = (("start", "c"), ("c", "h", "path", "y"), ("h", "p"), ("p", "n", "timeout"), ("n", "e"))
    journey = compiled(document(nodes, *ways))
    moved = entered(journey)
    steps = list(moved.steps)
    for stimulus in (EventReceived("e2", {}), TimerDue("p", 3), ActionAnswered("n", 4, GOOD)):
        moved = advance(journey, moved.instance, stimulus, NOW_US)
        steps += moved.steps
    told = [
        (fields["nodeID"], fields.get("parentNodeType"), fields.get("parentTransitionType"), "eventProcessed" in fields)
        for fields in fields_of(to_lines(journey, moved.instance, steps))
    ]
    assert told == [
        ("start", None, None, True),
        ("c", "start", "Event Triggered", False),
        ("h", "condition", "Condition Triggered", False),
        ("h", "condition", "Condition Triggered", True),
        ("p", "event", None, False),  # its timeout would have left by the same way
        ("p", "event", None, False),
        ("n", "event", "Basic", False),
        ("e", "action", "Basic", False),
    ]


def run_lines() -> list[bytes]:
    """A run of Read audience, and one whom it let enter."""
    nodes = {"start": {"type": "readAudience", "audienceId": "vip"}, "e": {"type": "end"}}
    journey = compiled(document(nodes, ("start", "e")))
    assert journey.audience_read is not None
    run = first_runs(journey, NOW_US)[0]
    inside = new_instance(journey, "i2", "jane@example.com", NOW_US, run={"id": run.id, "index": 3})
    transition = advance(journey, inside, Entered({}), NOW_US)
    lines = to_lines(journey, transition.instance, transition.steps)
    for line in lines:
        fields = orjson.loads(line)["_experience"]["journeyOrchestration"]["stepEvents"]
        assert (fields["instanceType"], fields["recurrenceIndex"], fields["batchInstanceID"]) == ("batch", 3, run.id)
    finished = run._replace(status="finished")
    discards = Discards(NOW_US)
    left_out = [
        discards.member(journey, journey.audience_read, run, ("Email", "jane@example.com"), reason)
        for reason in (DUPLICATION, "internalError")
    ]
    told = [run_line(journey, journey.audience_read, one, NOW_US) for one in (run, finished)]
    return [*lines, *told, *(line for line in left_out if line is not None)]


def paused_lines() -> list[bytes]:
    """One whom a pause took out at an action."""
    journey = compiled(document({"m": {"type": "customAction", "actionUid": "a2"}}, ("start", "m")))
    paused = replace(journey, pause="discard")
    gone = advance(paused, new_instance(journey, "p", "jane@example.com", NOW_US), Entered({}), NOW_US)
    return to_lines(paused, gone.instance, gone.steps)


def written() -> list[dict[str, Any]]:
    """Records of everything that can happen today."""
    transition = entered(JOURNEY)
    steps = list(transition.steps)
    bad = ActionOutcome(
        "http_500",
        origin_error="http",
        origin_code="503",
        endpoint="https://x.example",
        method="POST",
        attempts=2,
        is_throttled=True,
        wait_ms=5,
        last_started_at_us=NOW_US,
        last_elapsed_ms=7,
        is_mtls=True,
        is_proxy=True,
    )
    for stimulus in (TimerDue("w", 2), ActionAnswered("m", 3, bad), ActionAnswered("n", 4, GOOD)):
        transition = advance(JOURNEY, transition.instance, stimulus, NOW_US + 2 * SECOND_US)
        steps += transition.steps
    discards = Discards(NOW_US)
    lines = [
        *to_lines(JOURNEY, transition.instance, steps),
        *exit_lines(),
        *run_lines(),
        *booking_lines(),
        *jump_lines(),
        *reaction_lines(),
        *ruled_lines(),
        *fetch_lines(),
        *paused_lines(),
        discards.line(JOURNEY, "e1", "jane@example.com", "reentranceNotAllowed", "x1"),
        discards.line(JOURNEY, "e1", None, "EXTERNAL_KEY_COMPUTATION_ERROR", "x2"),
        discards.line(JOURNEY, "e1", "jane@example.com", TOO_MANY_PENDING, "x3"),
        discards.unheard(1, "e7", None, "Email", "jane@example.com", "x4"),
    ]
    return [orjson.loads(line) for line in lines if line is not None]


def test_every_record_is_valid_and_the_page_says_which_fields_they_have() -> None:
    step_events = schema("journeyStepEventSchema")
    records = written()
    assert [violation for record in records for violation in step_events.violations(record)] == []
    assert len({record["_id"] for record in records}) == len(records)
    found = {leaf for record in records for leaf in leaves(record["_experience"]["journeyOrchestration"])}
    shown = documented("### `stepEvents`", written=True)
    assert {leaf.removeprefix("stepEvents.") for leaf in found if leaf.startswith("stepEvents.")} == shown
    assert {leaf for leaf in found if not leaf.startswith("stepEvents.")} == documented("### Beside it", written=True)


def test_the_schema_has_every_field_there_is() -> None:
    step_events = schema("journeyStepEventSchema")
    beside = documented("### Beside it", written=True) | documented("### Beside it", written=False)
    inside = documented("### `stepEvents`", written=True) | documented("### `stepEvents`", written=False)
    assert set(SPEC) <= inside
    for path in [*(f"stepEvents.{name}" for name in inside), *beside]:
        assert step_events.field_at(("_experience", "journeyOrchestration", *path.split("."))), path


def test_a_refusal_does_not_look_like_an_entrance() -> None:
    refusals = [r["_experience"]["journeyOrchestration"] for r in written() if r["_id"].startswith("discard-")]
    of_version = [one for one in refusals if "stepEvents" in one]
    assert (len(refusals), len(of_version)) == (6, 5)
    for refusal in of_version:
        assert not {"profileID", "instanceID", "nodeType", "journeyNodeProcessed"} & refusal["stepEvents"].keys()
        assert refusal["stepEvents"]["journeyVersionID"] == refusal["journey"]["versionID"] == "version"
    without_key = [one for one in refusals if "profile" not in one]
    assert [one["serviceEvents"]["dispatcher"]["eventType"] for one in without_key] == [
        "EXTERNAL_KEY_COMPUTATION_ERROR"
    ]
    profiles = [one["profile"] for one in refusals if one not in without_key]
    assert profiles == [{"ID": "jane@example.com", "namespace": "Email"}] * 5


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("reentranceNotAllowed", {"eventType": "discard", "eventCode": "reentranceNotAllowed"}),
        ("notSuitableInitialEvent", {"eventType": "discard", "eventCode": "notSuitableInitialEvent"}),
        (TOO_MANY_PENDING, {"eventType": "discard", "eventCode": TOO_MANY_PENDING}),
        ("JOURNEY_IN_PAUSED_STATE", {"eventType": "JOURNEY_IN_PAUSED_STATE", "eventCode": "discard"}),
    ],
)
def test_the_state_machine_tells_a_refusal_by_type_and_code(reason: str, told: dict[str, str]) -> None:
    line = Discards(NOW_US).line(JOURNEY, "e1", "k", reason, "x")
    assert line is not None
    fields = orjson.loads(line)["_experience"]["journeyOrchestration"]
    assert fields["serviceType"] == "stateMachine"
    assert fields["serviceEvents"] == {"stateMachine": {**told, "eventID": "e1"}}


def test_who_a_pause_took_out_is_told_with_the_step() -> None:
    *_, last = [orjson.loads(line)["_experience"]["journeyOrchestration"] for line in paused_lines()]
    assert last["stepEvents"]["instanceEnded"]
    assert last["serviceEvents"]["stateMachine"]["eventType"] == "JOURNEY_IN_PAUSED_STATE"
    assert (last["profile"]["ID"], last["journey"]["versionID"]) == ("jane@example.com", "version")


def test_an_event_is_told_by_the_id_that_payloads_have_of_it() -> None:
    order = replace(WORLD.events["e1"], event_id="a" * 64)
    nodes = {"p": {"type": "event", "eventUid": "e2"}}
    with patch.dict(WORLD.events, {"e1": order}):
        journey = compiled(document(nodes, ("start", "p")))
    inside = advance(journey, new_instance(journey, "i", "jane@example.com", NOW_US), Entered({}), NOW_US)
    heard = advance(journey, inside.instance, EventReceived("e2", {}), NOW_US)
    lines = to_lines(journey, heard.instance, [*inside.steps, *heard.steps])
    told = [orjson.loads(line)["_experience"]["journeyOrchestration"]["stepEvents"]["eventID"] for line in lines]
    assert (told[0], told[-1]) == ("a" * 64, "e2")
    refused = Discards(NOW_US).line(journey, "e1", "k", "reentranceNotAllowed", "x")
    assert refused is not None
    fields = orjson.loads(refused)["_experience"]["journeyOrchestration"]
    assert fields["serviceEvents"]["stateMachine"]["eventID"] == fields["stepEvents"]["eventID"] == "a" * 64


def test_a_journey_has_one_start_and_an_audience_read_after_a_business_event_is_another_word() -> None:
    nodes = {
        "start": {"type": "businessEvent", "eventUid": "b1"},
        "read": {"type": "readAudience", "audienceId": "vip"},
        "e": {"type": "end"},
    }
    journey = compiled(document(nodes, ("start", "read"), ("read", "e")))
    moved = advance(journey, new_instance(journey, "i", "jane@example.com", NOW_US), Entered({}), NOW_US)
    assert [step.node_type for step in moved.steps] == ["start", "segmentTrigger", "end"]


def test_a_flood_of_refusals_is_told_in_part_and_always_by_the_same_ids() -> None:
    def tell() -> list[bytes]:
        discards = Discards(NOW_US)
        lines = [discards.line(JOURNEY, "e1", "k", "reentranceNotAllowed", str(n)) for n in range(MAX_LINES + 5)]
        assert discards.line(JOURNEY, "e1", "k", "notSuitableInitialEvent", "0") is not None
        return [line for line in lines if line is not None]

    assert len(tell()) == MAX_LINES
    assert tell() == tell()


def test_a_published_version_is_a_valid_record_of_the_journeys_schema() -> None:
    body = {"journeyUid": "j", "version": "2.0", "document": {"name": "N", "description": "D"}}
    record = orjson.loads(version_line(Resource(1, "journeyVersion", "v", 1, "e", body, 0, 0, "u", "u", "c", "c")))
    assert schema("journeySchema").violations(record) == []
    assert record["_id"] == "v"
    assert leaves(record["_experience"]["journeyOrchestration"]) == documented("## `journeys`", written=True)
