"""What each activity does, one by one."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import orjson
import pytest
from journey_world import (
    DAY_US,
    IDENTITY,
    MINUTE_US,
    NOW_US,
    SECOND_US,
    World,
    compiled,
    document,
    entered,
    place,
    states,
)

from parcours.journeys.activities import sending
from parcours.journeys.compile import EventShape, compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counters import Tally
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.match import Presence, refuse_entrance
from parcours.journeys.model import (
    ActionAnswered,
    ActionOutcome,
    CallAction,
    CancelTimer,
    Entered,
    EventReceived,
    Instance,
    Jump,
    JumpOutcome,
    LookUp,
    Replied,
    Resumed,
    SendMessage,
    StartTimer,
    Stopped,
    TakeMessage,
    TakeSlot,
    TimerDue,
    Transition,
    UpdateProfile,
)
from parcours.journeys.outgoing import template_values
from parcours.journeys.state import Texts, instance_from_row, instance_to_state
from parcours.journeys.store import StoredInstance

END = {"type": "end"}
WAIT = {"type": "wait", "duration": {"value": 10, "unit": "minutes"}}
MAIL = {"type": "customAction", "actionUid": "a2"}
PAYMENT = {"type": "event", "eventUid": "e2"}


def timers(transition: Transition) -> list[tuple[str, int]]:
    """(node, minutes from now) of the timers started, the global one left out."""
    return [
        (command.node_id, (command.due_at_us - NOW_US) // MINUTE_US)
        for command in transition.commands
        if isinstance(command, StartTimer) and command.node_id
    ]


def request(transition: Transition) -> Any:
    (found,) = [c for c in transition.commands if isinstance(c, TakeSlot | LookUp | Jump | UpdateProfile)]
    return found


def reply(journey: CompiledJourney, transition: Transition, value: Any) -> Transition:
    asked = request(transition)
    return advance(journey, transition.instance, Replied(asked.node_id, asked.pass_no, value), NOW_US)


# --- races --------------------------------------------------------------------------------------------------------


def race(**members: Any) -> CompiledJourney:
    """The members in parallel after the start; each leads to an end of its own."""
    nodes = {**members, **{f"end_{name}": END for name in members}}
    return compiled(document(nodes, *[("start", name) for name in members], *[(n, f"end_{n}") for n in members]))


def test_of_parallel_waits_the_earliest_wins_and_only_it_has_a_timer() -> None:
    late = {"type": "wait", "duration": {"value": 2, "unit": "hours"}}
    journey = race(late=late, soon=WAIT)
    transition = entered(journey)
    race_id, waiting_for = place(transition.instance)
    assert race_id is not None
    assert race_id.startswith("~race.")
    assert waiting_for == "race:soon"
    assert timers(transition) == [(race_id, 10)]
    assert states(transition)[1:] == [("late", "transitions", None), ("soon", "transitions", None)]
    after = advance(journey, transition.instance, TimerDue(race_id, 1), NOW_US + 10 * MINUTE_US)
    assert states(after) == [("soon", "ended", "default"), ("end_soon", "ended", None)]


def test_of_waits_that_end_together_the_upper_one_wins() -> None:
    for upper, lower in (("first", "second"), ("second", "first")):
        assert place(entered(race(**{upper: WAIT, lower: WAIT})).instance)[1] == f"race:{upper}"


def test_an_event_beats_a_wait_and_stops_its_timer() -> None:
    journey = race(payment=PAYMENT, wait=WAIT)
    transition = entered(journey)
    race_id = transition.instance.node_id or ""
    after = advance(journey, transition.instance, EventReceived("e2", {"total": 5.0}), NOW_US + SECOND_US)
    assert CancelTimer(race_id, 1) in after.commands
    assert states(after)[0] == ("payment", "ended", "default")
    assert states(after)[1][0] == "end_payment"
    late = advance(journey, after.instance, TimerDue(race_id, 1), NOW_US + 10 * MINUTE_US)
    assert late.ignored == "ended"


def test_a_race_without_wait_or_timeout_has_no_timer() -> None:
    journey = race(payment=PAYMENT, vip={"type": "audienceQualification", "audienceId": "vip"})
    transition = entered(journey)
    assert timers(transition) == []
    assert transition.instance.waiting_for == "race"
    assert advance(journey, transition.instance, EventReceived("e3", {}), NOW_US).ignored == "notListening"


def test_the_timeout_of_one_event_counts_for_all_in_parallel() -> None:
    timed = {**PAYMENT, "timeout": {"value": 30, "unit": "minutes", "path": True}}
    nodes = {"payment": timed, "order": {"type": "event", "eventUid": "e1"}, "x": END, "y": END, "z": END}
    edges = [("start", "payment"), ("start", "order"), ("payment", "x"), ("order", "y"), ("payment", "z", "timeout")]
    journey = compiled(document(nodes, *edges))
    transition = entered(journey)
    race_id = transition.instance.node_id or ""
    after = advance(journey, transition.instance, TimerDue(race_id, 1), NOW_US + 30 * MINUTE_US)
    assert states(after) == [("payment", "ended", "timeout"), ("z", "ended", None)]


def test_an_instance_lives_91_days_unless_the_journey_says_less() -> None:
    plain = document({"w": WAIT}, ("start", "w"))
    for members, days in (({}, 91), ({"timeouts": {"globalDays": 30}}, 30)):
        transition = entered(compiled(plain | members))
        assert transition.instance.deadline_us == NOW_US + days * DAY_US
        assert StartTimer("", 0, NOW_US + days * DAY_US, "globalTimeout") in transition.commands
    with pytest.raises(JourneyInvalid):
        compiled(plain | {"timeouts": {"globalDays": 92}})


def test_whole_numbers_of_a_document_may_be_written_as_decimals() -> None:
    shares = [{"id": "a", "percentage": 60.0}, {"id": "b", "percentage": 40.0}]
    best = {"optimizeFor": "opens", "withinHours": 12.0}
    for node in (
        {"type": "condition", "conditionType": "split", "paths": shares},
        {"type": "condition", "conditionType": "profileCap", "limit": 3.0, "paths": [{"id": "a"}, {"id": "b"}]},
        {"type": "optimize", "optimizeType": "experiment", "holdout": 40.0, "paths": shares[:1]},
        {"type": "message", "channel": "email", "templateUid": "t1", "sendTimeOptimization": best},
        {"type": "event", "eventUid": "e2", "timeout": {"value": 5.0, "unit": "minutes"}},
        MAIL,
    ):
        doc = document({"n": node}, ("start", "n"), timeouts={"globalDays": 30.0, "actionSeconds": 20.0})
        doc["entry"]["reentrance"] = {"waitSeconds": 60.0}
        journey = compiled(doc)
        transition = entered(journey)
        assert transition.instance.deadline_us == NOW_US + 30 * DAY_US
        assert refuse_entrance(journey, "jane", Presence(NOW_US, False), NOW_US + 60 * SECOND_US) is None
        whole = entered(compiled(json.loads(json.dumps(doc), parse_float=lambda text: int(float(text)))))
        assert repr(transition) == repr(whole)


def test_a_deadline_that_was_stored_as_a_decimal_is_a_whole_number_again() -> None:
    journey = compiled(document({"w": WAIT}, ("start", "w")))
    instance = entered(journey).instance
    deadline_us, *state = instance_to_state(instance)
    row = StoredInstance(
        instance.id, 1, "journey", "version", instance.key, instance.namespace, "active", "w", "timer", NOW_US, NOW_US,
        orjson.loads(orjson.dumps([float(deadline_us), *state])),
    )  # fmt: skip
    found = instance_from_row(row)
    assert repr(found) == repr(instance)
    assert advance(journey, found, TimerDue("w", 1), NOW_US + 10 * MINUTE_US).instance.status == "ended"


def test_what_is_at_hand_as_json_is_stored_as_it_is_and_nothing_else_in_its_place() -> None:
    journey = compiled(document({"w": WAIT}, ("start", "w")))
    instance = entered(journey).instance
    ((name, payload),) = instance.events.items()
    alike = dict(payload)
    moved = instance._replace(events={name: payload, "Other": alike})
    texts: Texts = {id(payload): (payload, b'{"of": "the payload"}')}
    state = orjson.dumps(instance_to_state(moved, texts))
    assert orjson.loads(state)[7] == {name: {"of": "the payload"}, "Other": alike}
    assert orjson.loads(orjson.dumps(instance_to_state(moved)))[7] == {name: payload, "Other": alike}


def test_a_wait_past_its_date_wins_a_race_at_once() -> None:
    past = {"type": "wait", "waitType": "fixedDate", "date": "2025-12-24T18:00"}
    transition = entered(race(payment=PAYMENT, past=past))
    assert [node for node, _, _ in states(transition)] == ["start", "past", "end_past"]


def test_a_wait_beyond_the_life_of_the_instance_takes_no_part_in_a_race() -> None:
    far = {"type": "wait", "waitType": "fixedDate", "date": "2030-01-01T00:00"}
    transition = entered(race(far=far, payment=PAYMENT))
    assert transition.instance.waiting_for == "race"
    alone = entered(compiled(document({"far": far}, ("start", "far"))))
    assert alone.instance.status == "ended"
    assert alone.steps[-1].detail["reason"] == "notEnoughTimeLeft"


def test_who_is_in_a_race_is_counted_there_until_a_member_wins() -> None:
    journey = race(payment=PAYMENT, wait=WAIT)
    tally = Tally()
    begun = entered(journey)
    tally.move(journey, new_instance(journey, "i1", "jane@example.com", NOW_US), begun)
    race_id = begun.instance.node_id or ""
    found = {(subject, what): number for (_, _, subject, what, _), number in tally.rows().items()}
    assert (found[race_id, "arrived"], found[race_id, "at"]) == (1, 1)
    assert ("payment", "arrived") not in found
    won = advance(journey, begun.instance, EventReceived("e2", {}), NOW_US + SECOND_US)
    tally.move(journey, begun.instance, won)
    found = {(subject, what): number for (_, _, subject, what, _), number in tally.rows().items()}
    for node_id in (race_id, "payment", "end_payment"):
        gone = found.get((node_id, "left"), 0) + found.get((node_id, "ended"), 0)
        assert found[node_id, "arrived"] == gone + found.get((node_id, "at"), 0) == 1
    assert ("wait", "arrived") not in found
    stopped = Tally()
    stopped.move(journey, begun.instance, advance(journey, begun.instance, Stopped("stopped"), NOW_US))
    found = {(subject, what): number for (_, _, subject, what, _), number in stopped.rows().items()}
    assert (found[race_id, "at"], found[race_id, "left"], found["payment", "ended"]) == (-1, 1, 1)


# --- time zones ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "hours"), [({}, 18), ({"timeZone": "Pacific/Auckland"}, 5), ({"timeZone": "Nowhere/At_All"}, 18)]
)
def test_a_fixed_date_is_read_in_the_profiles_time_zone(zone: dict[str, str], hours: int) -> None:
    wait = {"type": "wait", "waitType": "fixedDate", "date": "2026-01-01T18:00"}
    journey = compiled(document({"w": wait}, ("start", "w"), useProfileTimeZone=True))
    transition = entered(journey, ExperiencePlatform={"ProfileFieldGroup": zone})
    assert timers(transition) == [("w", hours * 60)]


def test_an_offset_of_a_fixed_date_is_kept() -> None:
    wait = {"type": "wait", "waitType": "fixedDate", "date": "2026-01-01T18:00+02:00"}
    journey = compiled(document({"w": wait}, ("start", "w"), timeZone="America/New_York"))
    assert timers(entered(journey)) == [("w", 16 * 60)]


# --- audiences ----------------------------------------------------------------------------------------------------


def qualification(status: str) -> EventReceived:
    return EventReceived("audience:vip", {"status": status, "audienceId": "vip"})


@pytest.mark.parametrize(
    ("verbs", "heard"), [(["enter"], "realized"), (["exit"], "exited"), (["enter", "exit"], "exited")]
)
def test_a_qualification_is_heard_by_its_behaviour(verbs: list[str], heard: str) -> None:
    node = {"type": "audienceQualification", "audienceId": "vip", "verbs": verbs}
    text = f'@event{{AudienceQualification.status}} == "{heard}"'
    check = {"type": "condition", "paths": [{"id": "x", "expression": text}]}
    nodes = {"q": node, "c": check, "e": END}
    journey = compiled(document(nodes, ("start", "q"), ("q", "c"), ("c", "e", "path", "x")))
    waiting = entered(journey).instance
    other = "exited" if heard == "realized" else "realized"
    ignored = advance(journey, waiting, qualification(other), NOW_US)
    assert (ignored.ignored == "notListening") is (len(verbs) == 1)
    after = advance(journey, waiting, qualification(heard), NOW_US)
    assert states(after)[-1][0] == "e"


def test_a_journey_can_begin_with_a_qualification() -> None:
    doc = document({"e": END}, ("start", "e"))
    doc["nodes"]["start"] = {"type": "audienceQualification", "audienceId": "vip", "verbs": ["exit"]}
    journey = compiled(doc)
    assert (journey.type, journey.namespace) == ("audience_qualification", "Email")
    assert journey.entry_event_uid == "audience:vip"
    assert journey.admits is not None
    assert journey.admits({"status": "exited"}) is None
    assert journey.admits({"status": "realized"}) == "ERROR_SEGMENT_REALISATION_CONDITION_MISMATCH"
    assert entered(journey, {"status": "exited"}).instance.status == "ended"


@pytest.mark.parametrize("name", ["AudienceQualification", "SegmentQualification"])
def test_a_qualification_is_read_under_its_name_of_today_and_of_old(name: str) -> None:
    late = f'@event{{{name}.lastQualificationTime}} > toDateTime("2025-01-01T00:00:00Z")'
    text = f'@event{{{name}.status}} == "exited" and {late}'
    doc = document({"c": {"type": "condition", "paths": [{"id": "x", "expression": text}]}, "e": END}, ("start", "c"))
    doc["nodes"]["start"] = {"type": "audienceQualification", "audienceId": "vip", "verbs": ["enter", "exit"]}
    doc["edges"].append({"from": "c", "to": "e", "kind": "path", "path": "x"})
    journey = compiled(doc)
    when = {"lastQualificationTime": "2026-01-01T00:00:00Z", "audienceId": "vip"}
    assert states(entered(journey, {"status": "exited", **when}))[-1][0] == "e"
    assert states(entered(journey, {"status": "realized", **when}))[-1][0] == "c"


def test_somebody_without_a_profile_has_nulls() -> None:
    tier = "#{ExperiencePlatform.ProfileFieldGroup.tier}"
    paths = [{"id": "gold", "expression": f'{tier} == "gold"'}, {"id": "none", "expression": f"{tier} is null"}]
    journey = compiled(document({"c": {"type": "condition", "paths": paths}}, ("start", "c")))
    for data in ({}, {"ExperiencePlatform": {"ProfileFieldGroup": {}}}):
        transition = entered(journey, {}, **data)
        assert (transition.steps[-1].detail["chosen"], transition.instance.status) == ("path:none", "ended")


def test_the_supplemental_id_is_read_in_expressions() -> None:
    paths = [{"id": "a", "expression": '${supplementalId} == "A"'}]
    doc = document({"c": {"type": "condition", "paths": paths, "otherPath": True}}, ("start", "c"))
    doc["nodes"]["start"]["eventUid"] = "s1"
    journey = compiled(doc)
    for supplemental_id, chosen in (("A", "path:a"), ("B", "other")):
        inside = new_instance(journey, "i", "jane@example.com", NOW_US, supplemental_id=supplemental_id)
        assert advance(journey, inside, Entered({}), NOW_US).steps[-1].detail["chosen"] == chosen


def test_contents_read_the_supplemental_id() -> None:
    message = {"type": "message", "channel": "email", "templateUid": "t1", "address": '"jane@example.com"'}
    doc = document({"m": message}, ("start", "m"))
    doc["nodes"]["start"]["eventUid"] = "s1"
    journey = compiled(doc)
    inside = new_instance(journey, "i", "jane@example.com", NOW_US, supplemental_id="A")
    moved = advance(journey, inside, Entered({"total": 1}), NOW_US)
    (command,) = [one.command for one in moved.commands if isinstance(one, TakeMessage)]
    assert isinstance(command, SendMessage)
    told = template_values(journey, moved.instance, command, {})["context"]["journey"]
    assert told["technicalProperties"] == {"supplementalId": "A"}
    assert list(told["events"].values()) == [{"total": 1}]


def test_in_audience_asks_for_ids_by_the_names_of_the_publication() -> None:
    check = {"type": "condition", "paths": [{"id": "x", "expression": 'inAudience("VIP customers")'}]}
    journey = compiled(document({"c": check, "e": END}, ("start", "c"), ("c", "e", "path", "x")))
    assert journey.audience_ids == {"VIP customers": "vip"}
    assert journey.reads_profile
    inside, outside = (entered(journey, **{"$audiences": ids}) for ids in ({"vip"}, {"other"}))
    assert states(inside)[-1][0] == "e"
    assert states(outside)[-1] == ("c", "ended", None)


def test_a_business_event_is_followed_by_its_audience_and_its_payload_is_at_hand() -> None:
    check = {"type": "condition", "paths": [{"id": "x", "expression": '@event{FlightLate.city} == "Rome"'}]}
    doc = document(
        {"r": {"type": "readAudience", "audienceId": "vip"}, "c": check, "e": END},
        ("start", "r"), ("r", "c"), ("c", "e", "path", "x"),
    )  # fmt: skip
    doc["nodes"]["start"] = {"type": "businessEvent", "eventUid": "b1"}
    journey = compiled(doc)
    assert (journey.type, journey.namespace, journey.entry_event_uid) == ("business", "Email", "b1")
    assert journey.audience_read is not None
    assert journey.audience_read.audience_id == "vip"
    transition = entered(journey, {"city": "Rome"})
    assert [node for node, _, _ in states(transition)] == ["start", "r", "c", "e"]
    assert journey.step_fields["instanceType"] == "batch"


# --- reactions ----------------------------------------------------------------------------------------------------


def test_a_reaction_hears_of_the_message_before_it_and_of_no_other() -> None:
    reaction = {
        "type": "reaction", "actionNodeId": "m", "reactions": ["opened", "clicked"],
        "timeout": {"value": 2, "unit": "days", "path": True},
    }  # fmt: skip
    nodes = {"m": MAIL, "r": reaction, "yes": END, "no": END}
    journey = compiled(document(nodes, ("start", "m"), ("m", "r"), ("r", "yes"), ("r", "no", "timeout")))
    called = entered(journey)
    waiting = advance(journey, called.instance, ActionAnswered("m", 1, ActionOutcome("http_200")), NOW_US)
    assert place(waiting.instance) == ("r", "event:reaction")

    def feedback(reaction: str, pass_no: int) -> Transition:
        told = {"reactions": [reaction], "pass": pass_no}
        return advance(journey, waiting.instance, EventReceived("reaction", told), NOW_US)

    assert feedback("sent", 1).ignored == "notListening"
    assert feedback("opened", 7).ignored == "notListening"
    assert states(feedback("opened", 1))[-1][0] == "yes"
    late = advance(journey, waiting.instance, TimerDue("r", 2), NOW_US + 2 * DAY_US)
    assert states(late)[-1][0] == "no"


# --- what is asked for in the transaction -------------------------------------------------------------------------


@pytest.mark.parametrize(("has_room", "taken"), [(True, "a"), (False, "b")])
def test_a_profile_cap_sends_those_beyond_it_the_second_way(has_room: bool, taken: str) -> None:
    cap = {"type": "condition", "conditionType": "profileCap", "limit": 7, "paths": [{"id": "a"}, {"id": "b"}]}
    nodes = {"c": cap, "x": END, "y": END}
    journey = compiled(document(nodes, ("start", "c"), ("c", "x", "path", "a"), ("c", "y", "path", "b")))
    transition = entered(journey)
    assert request(transition) == TakeSlot("c", 1, 7)
    after = reply(journey, transition, has_room)
    assert states(after)[0] == ("c", "ended", f"path:{taken}")
    assert request(entered(compiled(document({"c": {**cap, "limit": 1}}, ("start", "c"))))).limit == 1


def jumping(*edges: tuple[str, ...]) -> CompiledJourney:
    jump = {
        "type": "jump", "targetJourneyUid": "other",
        "parameters": [{"paramPath": "/city", "expression": "upper(@event{Order.city})"},
                       {"paramPath": "/total", "expression": "@event{Order.total}"}],
    }  # fmt: skip
    return compiled(document({"j": jump, "x": END, "y": END}, ("start", "j"), ("j", "x"), ("j", "y", "error"), *edges))


def test_a_jump_maps_the_fields_of_the_targets_event_and_goes_on() -> None:
    journey = jumping()
    assert journey.jumps_to == {"other"}
    transition = entered(journey, {"city": "Rome"})
    assert request(transition) == Jump("j", 1, "other", "e2", {"city": "ROME"})
    after = reply(journey, transition, JumpOutcome("entered", None, "i2"))
    assert states(after)[-1][0] == "x"
    assert after.steps[0].detail == {"jump": "entered", "instanceId": "i2"}


def test_who_is_in_the_target_already_passes_and_a_refused_jump_is_an_error() -> None:
    journey = jumping()
    transition = entered(journey, {"city": "Rome"})
    assert states(reply(journey, transition, JumpOutcome("present")))[-1][0] == "x"
    failed = reply(journey, transition, JumpOutcome("error", "targetNotLive"))
    assert states(failed) == [("j", "error", "error"), ("y", "ended", None)]
    assert failed.steps[0].action is not None
    assert failed.steps[0].action["actionExecutionErrorCode"] == "targetNotLive"


def test_an_update_of_the_profile_writes_typed_values() -> None:
    updates = [{"path": "/tier", "expression": '"gold"'}, {"path": "/visits", "expression": "1 + 1"}]
    node = {"type": "updateProfile", "dataSetId": "d1", "updates": updates}
    journey = compiled(document({"u": node, "x": END}, ("start", "u"), ("u", "x")))
    transition = entered(journey)
    assert request(transition).updates == ((("tier",), "gold"), (("visits",), 2))
    assert states(reply(journey, transition, None))[-1][0] == "x"
    failed = reply(journey, transition, "profileNotFound")
    assert (failed.instance.status, failed.steps[0].detail) == ("error", {"reason": "profileNotFound"})


@pytest.mark.parametrize("value", [5, 2.5, True, "a"])
@pytest.mark.parametrize(
    "node",
    [
        {"type": "customAction", "actionUid": "a2", "path": "@event{Free.x}"},
        {"type": "message", "channel": "email", "templateUid": "t1", "address": "@event{Free.x}"},
    ],
)
def test_a_path_or_address_of_no_known_type_becomes_a_text(node: dict[str, Any], value: Any) -> None:
    transition = entered(of_a_free_event(node), {"x": value})
    asked = transition.commands[-1]
    command = asked.command if isinstance(asked, TakeMessage) else asked
    assert isinstance(command, CallAction | SendMessage)
    assert command.path == (value if isinstance(value, str) else json.dumps(value))
    assert not isinstance(command, SendMessage) or command.address == command.path


@pytest.mark.parametrize(("value", "keys"), [(5, ("5",)), (["a", 5, None, "5"], ("a", "5")), ("a", ("a",))])
def test_keys_of_no_known_type_are_looked_up_as_texts(value: Any, keys: tuple[str, ...]) -> None:
    journey = of_a_free_event({"type": "datasetLookup", "dataSetId": "d2", "keys": "@event{Free.x}"})
    assert request(entered(journey, {"x": value})).keys == keys


@pytest.mark.parametrize("value", [True, 2.5, {"a": 1}, [["a"]], ["a", {}]])
def test_what_can_be_no_key_puts_a_lookup_in_error(value: Any) -> None:
    journey = of_a_free_event({"type": "datasetLookup", "dataSetId": "d2", "keys": "@event{Free.x}"})
    transition = entered(journey, {"x": value})
    assert transition.instance.status == "error"
    assert transition.steps[-1].detail["reason"].startswith("a key is a text or a whole number, not ")


@pytest.mark.parametrize(("value", "has_consent"), [("n", False), ("y", True), (["n"], True), ({}, True), (0, True)])
def test_a_consent_that_is_no_text_refuses_nothing(value: Any, has_consent: bool) -> None:
    assert sending.has_consent({"consents": {"marketing": {"email": {"val": value}}}}, "email") is has_consent


def of_a_free_event(node: dict[str, Any]) -> CompiledJourney:
    """A journey whose event may hold anything: expressions that read it have no type until they run."""
    world = World()
    world.events["free"] = EventShape("free", "Free", "Email", None)
    nodes = {"start": {"type": "event", "eventUid": "free"}, "n": node}
    return compile_version(document(nodes, ("start", "n")), world, IDENTITY)


def looking(keys: str, text: str = "listSize(@datasetLookup{prices.entities}) > 0") -> CompiledJourney:
    node = {"type": "datasetLookup", "label": "prices", "dataSetId": "d2", "keys": keys, "fields": ["/price", "/sku"]}
    check = {"type": "condition", "paths": [{"id": "x", "expression": text}], "otherPath": True}
    nodes = {"l": node, "c": check, "x": END, "y": END}
    return compiled(document(nodes, ("start", "l"), ("l", "c"), ("c", "x", "path", "x"), ("c", "y", "other")))


def test_a_lookup_keeps_rows_for_the_expressions_after_it() -> None:
    text = '@datasetLookup{prices.entities.first(currentDatasetLookupField.sku == "b").price} > 2'
    journey = looking('list(@event{Order.city}, "b", "b")', text)
    transition = entered(journey, {"city": "a"})
    assert request(transition) == LookUp("l", 1, "d2", ("a", "b"), ("/price", "/sku"))
    rows = [{"sku": "a", "price": 1.0}, {"sku": "b", "price": 3.0}]
    assert states(reply(journey, transition, rows))[-1][0] == "x"
    assert states(reply(journey, transition, []))[-1][0] == "y"


def test_contents_read_the_rows_of_lookups() -> None:
    look = {"type": "datasetLookup", "label": "prices", "dataSetId": "d2", "keys": '"a"'}
    message = {"type": "message", "channel": "email", "templateUid": "t1", "address": '"jane@example.com"'}
    journey = compiled(document({"l": look, "m": message}, ("start", "l"), ("l", "m")))
    moved = reply(journey, entered(journey), [{"sku": "a", "price": 1.0}])
    (command,) = [one.command for one in moved.commands if isinstance(one, TakeMessage)]
    assert isinstance(command, SendMessage)
    told = template_values(journey, moved.instance, command, {})["context"]["journey"]
    assert told["datasetLookup"] == {"prices": {"entities": [{"sku": "a", "price": 1.0}]}}


def test_a_lookup_without_key_asks_for_nothing_and_too_much_is_an_error() -> None:
    journey = looking("@event{Order.city}")
    assert states(entered(journey))[-1][0] == "y"
    too_much = reply(journey, entered(journey, {"city": "a"}), [{"sku": "x" * 11_000}])
    assert too_much.instance.status == "error"
    assert too_much.instance.last_error is not None
    assert too_much.instance.last_error["kind"] == "fetch"


# --- optimize -----------------------------------------------------------------------------------------------------


def test_an_experiment_is_sticky_for_an_individual_and_keeps_its_shares() -> None:
    node = {
        "type": "optimize", "optimizeType": "experiment", "holdout": 10,
        "paths": [{"id": "a", "percentage": 60}, {"id": "b", "percentage": 30}],
    }  # fmt: skip
    nodes = {"o": node, "x": END, "y": END, "z": END}
    edges = [("start", "o"), ("o", "x", "path", "a"), ("o", "y", "path", "b"), ("o", "z", "other")]
    journey = compiled(document(nodes, *edges))

    def chosen(key: str, instance_id: str) -> str:
        transition = advance(journey, new_instance(journey, instance_id, key, NOW_US), Entered({}), NOW_US)
        return transition.steps[-1].node_id

    counts = Counter(chosen(f"p{number}@example.com", "i1") for number in range(4_000))
    for node_id, share in (("x", 0.6), ("y", 0.3), ("z", 0.1)):
        deviation = 4_000 * share * (1 - share)
        assert (counts[node_id] - 4_000 * share) ** 2 < 16 * deviation  # four standard deviations
    for number in range(50):
        assert chosen(f"p{number}", "i1") == chosen(f"p{number}", "i2")


def test_targeting_takes_the_first_rule_that_holds_else_the_fallback() -> None:
    rules = [
        {"id": "big", "expression": "@event{Order.total} > 100"},
        {"id": "any", "expression": "@event{Order.total} > 0"},
    ]
    node = {"type": "optimize", "optimizeType": "targeting", "paths": rules}
    edges = [("start", "o"), ("o", "x", "path", "big"), ("o", "y", "path", "any"), ("o", "z", "other")]
    journey = compiled(document({"o": node, "x": END, "y": END, "z": END}, *edges))
    for total, end in ((200.0, "x"), (5.0, "y"), (0.0, "z"), (None, "z")):
        assert states(entered(journey, {"total": total}))[-1][0] == end


# --- leaving early ------------------------------------------------------------------------------------------------

CRITERIA = [
    {"id": "paid", "label": "Has paid", "eventUid": "e2", "expression": "@event{Payment.total} > 100"},
    {"id": "lost", "audienceId": "vip", "verbs": ["exit"]},
]


@pytest.mark.parametrize("node", [WAIT, PAYMENT, MAIL])
def test_an_exit_criterion_takes_out_wherever_somebody_is(node: dict[str, Any]) -> None:
    journey = compiled(document({"n": node}, ("start", "n"), exitCriteria=CRITERIA))
    assert {"e2", "audience:vip"} <= journey.listened
    inside = entered(journey).instance
    after = advance(journey, inside, EventReceived("e2", {"total": 150.0}), NOW_US)
    assert (after.instance.status, after.instance.node_id) == ("exited", None)
    assert after.steps[-1].detail["exitCriteriaID"] == "paid"
    assert after.steps[-1].detail["exitCriteriaName"] == "Has paid"
    assert (CancelTimer("n", 1) in after.commands) is (node is WAIT)
    assert advance(journey, inside, qualification("exited"), NOW_US).instance.status == "exited"
    small = advance(journey, inside, EventReceived("e2", {"total": 50.0}), NOW_US)
    assert small.instance.status != "exited"


def test_an_exit_criterion_keeps_nobody_from_entering() -> None:
    journey = compiled(document({"w": WAIT}, ("start", "w"), exitCriteria=[{"id": "again", "eventUid": "e1"}]))
    transition = entered(journey)
    assert transition.instance.node_id == "w"
    assert advance(journey, transition.instance, EventReceived("e1", {}), NOW_US).instance.status == "exited"


def test_an_answer_after_the_exit_is_dropped() -> None:
    journey = compiled(document({"n": MAIL}, ("start", "n"), exitCriteria=CRITERIA))
    out = advance(journey, entered(journey).instance, EventReceived("e2", {"total": 150.0}), NOW_US)
    answer = advance(journey, out.instance, ActionAnswered("n", 1, ActionOutcome("http_200")), NOW_US)
    assert answer.ignored == "ended"


def test_an_event_about_another_supplemental_id_can_only_take_out() -> None:
    journey = compiled(document({"n": PAYMENT}, ("start", "n"), exitCriteria=CRITERIA))
    inside = entered(journey).instance
    other = EventReceived("e2", {"total": 5.0}, is_for_exit_only=True)
    assert advance(journey, inside, other, NOW_US).ignored == "notListening"
    leaving = EventReceived("e2", {"total": 150.0}, is_for_exit_only=True)
    assert advance(journey, inside, leaving, NOW_US).instance.status == "exited"


@pytest.mark.parametrize(
    ("reason", "status"), [("stopped", "stopped"), ("endDate", "ended"), ("forcedReentrance", "ended")]
)
def test_who_is_taken_out_leaves_with_the_reason(reason: str, status: str) -> None:
    journey = compiled(document({"n": WAIT}, ("start", "n")))
    after = advance(journey, entered(journey).instance, Stopped(reason), NOW_US)
    assert (after.instance.status, after.steps[-1].detail) == (status, {"reason": reason})


# --- how a version runs -------------------------------------------------------------------------------------------


def in_mode(journey: CompiledJourney, **how: Any) -> CompiledJourney:
    return replace(journey, **how)


def arrived(journey: CompiledJourney, instance: Instance, node_id: str = "w") -> Transition:
    return advance(journey, instance, TimerDue(node_id, instance.pass_no), NOW_US + 10 * MINUTE_US)


def test_a_paused_journey_holds_at_actions_and_goes_on_when_it_is_resumed() -> None:
    live = compiled(document({"w": WAIT, "m": MAIL}, ("start", "w"), ("w", "m")))
    inside = entered(live).instance
    paused = in_mode(live, pause="hold")
    held = arrived(paused, inside)
    assert place(held.instance) == ("m", "resume")
    assert not any(isinstance(command, CallAction) for command in held.commands)
    ignored = advance(paused, held.instance, EventReceived("e2", {}), NOW_US)
    assert ignored.ignored == "JOURNEY_IN_PAUSED_STATE"
    resumed = advance(live, held.instance, Resumed(), NOW_US + DAY_US)
    assert [type(command) for command in resumed.commands] == [CallAction]
    assert advance(live, inside, Resumed(), NOW_US).ignored == "stale"


def test_a_pause_that_discards_takes_out_at_actions() -> None:
    live = compiled(document({"w": WAIT, "m": MAIL}, ("start", "w"), ("w", "m")))
    gone = arrived(in_mode(live, pause="discard"), entered(live).instance)
    assert gone.instance.status == "discarded"
    assert gone.steps[-1].detail == {"reason": "JOURNEY_IN_PAUSED_STATE"}


def test_test_mode_shortens_waits_and_takes_top_paths() -> None:
    cap = {"type": "condition", "conditionType": "profileCap", "limit": 1, "paths": [{"id": "a"}, {"id": "b"}]}
    split = {
        "type": "condition",
        "conditionType": "split",
        "paths": [{"id": "a", "percentage": 0}, {"id": "b", "percentage": 100}],
    }
    experiment = {
        "type": "optimize",
        "optimizeType": "experiment",
        "paths": [{"id": "a", "percentage": 0}, {"id": "b", "percentage": 100}],
    }
    nodes = {"c": cap, "s": split, "o": experiment, "w": WAIT}
    edges = [("start", "c"), ("c", "s", "path", "a"), ("s", "o", "path", "a"), ("o", "w", "path", "a")]
    journey = in_mode(compiled(document(nodes, *edges)), mode="test", wait_override_us=SECOND_US)
    transition = entered(journey)
    assert [node for node, _, _ in states(transition)] == ["start", "c", "s", "o", "w"]
    (wait,) = [c for c in transition.commands if isinstance(c, StartTimer) and c.node_id == "w"]
    assert wait.due_at_us == NOW_US + SECOND_US


def test_in_test_mode_actions_are_called_and_profiles_updated() -> None:
    update = {"type": "updateProfile", "dataSetId": "d1", "updates": [{"path": "/tier", "expression": '"x"'}]}
    edges = [("start", "u"), ("u", "m")]
    journey = in_mode(compiled(document({"u": update, "m": MAIL}, *edges)), mode="test", wait_override_us=SECOND_US)
    transition = entered(journey)
    assert request(transition) == UpdateProfile("u", 1, "d1", ((("tier",), "x"),))
    called = reply(journey, transition, None)
    assert [command.node_id for command in called.commands if isinstance(command, CallAction)] == ["m"]


def test_the_global_timeout_counts_in_a_pause() -> None:
    journey = in_mode(compiled(document({"m": MAIL}, ("start", "m"))), pause="hold")
    held = entered(journey)
    assert place(held.instance) == ("m", "resume")
    over = advance(journey, held.instance, TimerDue("", 0), held.instance.deadline_us)
    assert (over.instance.status, over.steps[-1].step_status) == ("timedout", "instanceTimedout")


def test_a_dry_run_passes_waits_and_contacts_nobody() -> None:
    jump = {"type": "jump", "targetJourneyUid": "other"}
    update = {"type": "updateProfile", "dataSetId": "d1", "updates": [{"path": "/tier", "expression": '"x"'}]}
    check = {"type": "condition", "paths": [{"id": "x", "expression": "@action{Loyalty.points} is null"}]}
    nodes = {"w": WAIT, "m": MAIL, "j": jump, "u": update, "c": check, "e": END}
    edges = [("start", "w"), ("w", "m"), ("m", "j"), ("j", "u"), ("u", "c"), ("c", "e", "path", "x")]
    journey = in_mode(compiled(document(nodes, *edges)), mode="dryRun", wait_override_us=0)
    transition = entered(journey)
    assert [node for node, _, _ in states(transition)] == ["start", "w", "m", "j", "u", "c", "e"]
    assert transition.commands == ()


def test_in_a_dry_run_without_waits_an_event_can_still_come_in_time() -> None:
    timed = {**PAYMENT, "timeout": {"value": 30, "unit": "minutes"}}
    journey = in_mode(compiled(document({"p": timed}, ("start", "p"))), mode="dryRun", wait_override_us=0)
    assert timers(entered(journey)) == [("p", 30)]
