"""External data sources in journeys: what is asked for, when, and what becomes of the answers (journeys §5.2)."""

from collections.abc import Mapping
from typing import Any

import pytest
from journey_world import (
    DAY_US,
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

from parcours.journeys.check import Fault
from parcours.journeys.compile import examine
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.engine import MAX_PENDING, advance
from parcours.journeys.model import (
    GLOBAL_TIMER,
    ActionAnswered,
    ActionOutcome,
    CallAction,
    DataFetched,
    EventReceived,
    FetchData,
    FetchOutcome,
    FetchRequest,
    Instance,
    StartTimer,
    Stopped,
    TimerDue,
    Transition,
)

WARM = "#{Weather.now.temp, params: {city: @event{Order.city}}} > 20"
END = {"type": "end"}


def condition(*texts: str, **members: Any) -> dict[str, Any]:
    paths = [{"id": f"p{index}", "expression": text} for index, text in enumerate(texts)]
    return {"type": "condition", "paths": paths, "otherPath": True, **members}


def journey_of(node: Mapping[str, Any], *edges: tuple[str, ...], **more: Any) -> CompiledJourney:
    reached = {"n"} | {edge[1] for edge in edges}
    nodes = {name: one for name, one in {"n": node, "yes": END, "no": END, **more}.items() if name in reached}
    return compiled(document(nodes, ("start", "n"), *edges))


BRANCHES = (("n", "yes", "path", "p0"), ("n", "no", "other"))


def fetch_of(transition: Transition) -> FetchData:
    (found,) = [command for command in transition.commands if isinstance(command, FetchData)]
    return found


def good(request: FetchRequest, elapsed_ms: int = 5, **data: Any) -> FetchOutcome:
    return FetchOutcome(request.source, request.group, request.numbers, data, elapsed_ms=elapsed_ms)


def bad(request: FetchRequest, error: str, code: str, **more: Any) -> FetchOutcome:
    return FetchOutcome(request.source, request.group, request.numbers, None, error, code, elapsed_ms=7, **more)


def answer(journey: CompiledJourney, instance: Instance, *outcomes: FetchOutcome, at: int = NOW_US) -> Transition:
    assert instance.node_id is not None
    kept = through_storage(instance)
    assert kept == instance
    return advance(journey, kept, DataFetched(instance.node_id, instance.pass_no, outcomes), at)


def faults_of(node: Mapping[str, Any], **members: Any) -> list[Fault]:
    nodes = {"n": node, "yes": END}
    return examine(document(nodes, ("start", "n"), ("n", "yes", "path", "p0"), **members), _world())[1]


def _world() -> Any:
    from journey_world import WORLD

    return WORLD


# --- asking ---------------------------------------------------------------------------------------------------------


def test_an_activity_waits_for_the_field_groups_it_reads_then_decides() -> None:
    journey = journey_of(condition(WARM), *BRANCHES)
    begun = entered(journey, {"city": "Paris"})
    assert place(begun.instance) == ("n", "fetch")
    assert fetch_of(begun) == FetchData(
        "n", begun.instance.pass_no,
        (FetchRequest("s1", "Weather", "now", {"city": "Paris"}, (0,)),), NOW_US + 30 * SECOND_US,
    )  # fmt: skip
    request = fetch_of(begun).requests[0]
    ended = answer(journey, begun.instance, good(request, temp=21.5))
    assert states(ended) == [("n", "ended", "path:p0"), ("yes", "ended", None)]
    step = ended.steps[0]
    assert step.pass_no == begun.instance.pass_no
    assert step.action == {"fetchTotalTime": 5, "fetchCount": 1, "fetchCustomTotalTime": 5, "fetchCustomCount": 1}
    assert step.detail["paths"][0]["references"]["#{Weather.now.temp}"] == 21.5
    assert ended.steps[1].action is None


def test_nothing_is_fetched_that_is_not_reached() -> None:
    journey = journey_of(condition("@event{Order.total} > 1", WARM), *BRANCHES, ("n", "no", "path", "p1"))
    assert not entered(journey, {"total": 5}).instance.node_id
    assert place(entered(journey, {"total": 0}).instance) == ("n", "fetch")


def test_what_an_activity_reads_is_fetched_side_by_side_and_each_thing_once() -> None:
    text = (
        "#{Weather.now.temp, params: {city: @event{Order.city}}} > 0 "
        "and #{Weather.now.sky, params: {city: @event{Order.city}}} == 'x' "
        "and #{Weather.now.temp, params: {city: 'Rome'}} > 0 and #{Weather.world.temp} > 0"
    ).replace("'", '"')
    journey = journey_of(condition(text), *BRANCHES)
    begun = entered(journey, {"city": "Paris"})
    requests = fetch_of(begun).requests
    assert [(r.group, r.parameters, r.numbers) for r in requests] == [
        ("now", {"city": "Paris"}, (0, 1)), ("now", {"city": "Rome"}, (2,)), ("world", {}, (3,)),
    ]  # fmt: skip
    told = [good(requests[0], 3, temp=1, sky="x"), good(requests[1], 9, temp=1), good(requests[2], 2, temp=1)]
    ended = answer(journey, begun.instance, *told)
    assert states(ended)[0] == ("n", "ended", "path:p0")
    assert ended.steps[0].action is not None
    assert (ended.steps[0].action["fetchCount"], ended.steps[0].action["fetchTotalTime"]) == (3, 9)


def test_what_depends_on_another_answer_is_asked_for_when_that_has_come() -> None:
    town = "#{Geo.place.town, params: {email: @event{Order.email}}}"
    journey = journey_of(condition(f"#{{Weather.now.temp, params: {{city: {town}}}}} > 20"), *BRANCHES)
    first = entered(journey, {"email": "j@example.com"})
    (request,) = fetch_of(first).requests
    assert (request.source, request.parameters) == ("Geo", {"email": "j@example.com"})
    second = answer(journey, first.instance, good(request, town="Oslo"))
    assert place(second.instance) == ("n", "fetch")
    assert second.instance.pass_no == first.instance.pass_no
    assert second.steps == ()
    (other,) = fetch_of(second).requests
    assert (other.source, other.parameters) == ("Weather", {"city": "Oslo"})
    ended = answer(journey, second.instance, good(other, temp=30))
    assert states(ended)[0] == ("n", "ended", "path:p0")
    assert ended.steps[0].action is not None
    assert (ended.steps[0].action["fetchCount"], ended.steps[0].action["fetchTotalTime"]) == (2, 10)


def test_answers_of_the_first_round_that_cannot_be_kept_put_the_activity_in_error() -> None:
    town = "#{Geo.place.town, params: {email: @event{Order.email}}}"
    journey = journey_of(condition(f"#{{Weather.now.temp, params: {{city: {town}}}}} > 20"), *BRANCHES)
    first = entered(journey, {})
    ended = answer(journey, first.instance, good(fetch_of(first).requests[0], town="x" * 1_100_000))
    assert states(ended) == [("n", "error", None)]
    assert ended.steps[0].detail["reason"] == "tooLarge"


def test_values_may_stand_beside_the_expressions_and_depend_on_other_groups() -> None:
    node = condition(
        "#{Weather.now.temp} > 20",
        dynamicValues=[
            {
                "dataSource": "Weather",
                "fieldGroup": "now",
                "values": [{"name": "city", "expression": "#{Geo.place.town}"}],
            },
            {
                "dataSource": "Geo",
                "fieldGroup": "place",
                "values": [{"name": "email", "expression": "@event{Order.email}"}],
            },
        ],
    )
    journey = journey_of(node, *BRANCHES)
    first = entered(journey, {"email": "j@example.com"})
    (request,) = fetch_of(first).requests
    assert request.source == "Geo"
    second = answer(journey, first.instance, good(request, town="Oslo"))
    (other,) = fetch_of(second).requests
    assert other.parameters == {"city": "Oslo"}
    assert states(answer(journey, second.instance, good(other, temp=1)))[0] == ("n", "ended", "other")


def test_a_value_that_changes_meanwhile_is_not_asked_for_again() -> None:
    """The activity began with the values it had: `now()` is another one when the answer comes."""
    text = "#{Weather.now.temp, params: {city: toString(now())}} > 20"
    journey = journey_of(condition(text), *BRANCHES)
    begun = entered(journey)
    ended = answer(journey, begun.instance, good(fetch_of(begun).requests[0], temp=21), at=NOW_US + 3 * SECOND_US)
    assert states(ended)[0] == ("n", "ended", "path:p0")


def test_each_activity_reads_anew() -> None:
    journey = compiled(
        document(
            {"n": condition(WARM), "m": condition(WARM), "yes": END},
            ("start", "n"), ("n", "m", "path", "p0"), ("m", "yes", "path", "p0"),
        )
    )  # fmt: skip
    begun = entered(journey, {"city": "Paris"})
    second = answer(journey, begun.instance, good(fetch_of(begun).requests[0], temp=30))
    assert place(second.instance) == ("m", "fetch")
    assert fetch_of(second).requests[0].numbers == (1,)
    ended = answer(journey, second.instance, good(fetch_of(second).requests[0], temp=10))
    assert states(ended) == [("m", "ended", None)]


# --- every place where expressions stand -----------------------------------------------------------------------------

TEMP = "#{Weather.now.sky, params: {city: @event{Order.city}}}"


def _reads(node: Mapping[str, Any]) -> tuple[CompiledJourney, Transition, Transition]:
    journey = journey_of(node, ("n", "yes", "other") if node["type"] == "optimize" else ("n", "yes"))
    begun = entered(journey, {"city": "Paris"})
    assert place(begun.instance) == ("n", "fetch")
    return journey, begun, answer(journey, begun.instance, good(fetch_of(begun).requests[0], sky="2026-02-01", temp=1))


def test_action_parameters_and_the_path_wait_for_data() -> None:
    node = {
        "type": "customAction", "actionUid": "a1", "path": f'"/" + {TEMP}',
        "parameters": [{"paramPath": "/to", "expression": TEMP}],
    }  # fmt: skip
    journey, _, called = _reads(node)
    (command,) = called.commands
    assert isinstance(command, CallAction)
    assert (command.path, command.parameters) == ("/2026-02-01", {"/to": "2026-02-01"})
    assert called.instance.fetch == {"count": 1, "ms": 5}
    kept = through_storage(called.instance)
    ended = advance(journey, kept, ActionAnswered("n", kept.pass_no, ActionOutcome("http_200")), NOW_US)
    action = ended.steps[0].action
    assert action is not None
    assert (action["actionName"], action["fetchCount"]) == ("SendMail", 1)


def test_a_custom_wait_waits_for_its_date() -> None:
    journey = journey_of({"type": "wait", "waitType": "custom", "expression": f"toDateTimeOnly({TEMP})"}, ("n", "yes"))
    begun = entered(journey, {"city": "Paris"})
    waiting = answer(journey, begun.instance, good(fetch_of(begun).requests[0], sky="2026-02-01T00:00:00"))
    assert place(waiting.instance) == ("n", "timer")
    assert any(isinstance(command, StartTimer) for command in waiting.commands)
    assert waiting.steps[0].action == {
        "fetchTotalTime": 5, "fetchCount": 1, "fetchCustomTotalTime": 5, "fetchCustomCount": 1,
    }  # fmt: skip


def test_a_race_waits_for_the_date_of_its_member() -> None:
    wait = {"type": "wait", "waitType": "custom", "expression": f"toDateTimeOnly({TEMP})"}
    journey = compiled(
        document(
            {"w": wait, "e": {"type": "event", "eventUid": "e2"}, "yes": END},
            ("start", "w"),
            ("start", "e"),
            ("w", "yes"),
        )
    )
    begun = entered(journey, {"city": "Paris"})
    assert begun.instance.waiting_for == "fetch"
    raced = answer(journey, begun.instance, good(fetch_of(begun).requests[0], sky="2026-02-01T00:00:00"))
    assert raced.instance.waiting_for == "race:w"
    failed = answer(journey, begun.instance, bad(fetch_of(begun).requests[0], "http", "500"))
    assert states(failed) == [("w", "error", None)]


@pytest.mark.parametrize(
    "node",
    [
        {"type": "datasetLookup", "dataSetId": "d2", "keys": TEMP},
        {"type": "updateProfile", "dataSetId": "d1", "updates": [{"path": "/tier", "expression": TEMP}]},
        {
            "type": "jump", "targetJourneyUid": "other",
            "parameters": [{"paramPath": "/city", "expression": TEMP}],
        },
        {"type": "optimize", "optimizeType": "targeting", "paths": [{"id": "a", "expression": f'{TEMP} == "x"'}]},
    ],
)  # fmt: skip
def test_other_activities_wait_for_data(node: dict[str, Any]) -> None:
    _, _, moved = _reads(node)
    assert moved.ignored is None
    assert moved.instance.waiting_for in ("reply", None)


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "status", "shown", "reason"),
    [
        ("http", "503", "error", "http", "http_503"),
        ("timedout", "timedout", "timedout", "timedout", "timedout"),
        ("capped", "capped", "capped", "capping", "capped"),
        ("error", "notJson", "error", "error", "notJson"),
    ],
)
def test_a_failed_fetch_takes_the_alternative_path(error: str, code: str, status: str, shown: str, reason: str) -> None:
    after = condition('${lastDataFetchErrorCode} == "x"')
    journey = journey_of(condition(WARM), *BRANCHES, ("n", "after", "error"), after=after)
    begun = entered(journey, {"city": "Paris"})
    request = fetch_of(begun).requests[0]
    failed = answer(journey, begun.instance, bad(request, error, code, origin_error="http", origin_code="500"))
    step = failed.steps[0]
    assert (step.step_status, step.transition) == (status, "error")
    assert step.detail["reason"] == reason
    assert step.action == {
        "fetchTotalTime": 7, "fetchCount": 1, "fetchCustomTotalTime": 7, "fetchCustomCount": 1,
        "fetchTypeInError": "custom", "fetchError": shown, "fetchErrorCode": code,
        "fetchOriginError": "http", "fetchOriginErrorCode": "500",
    }  # fmt: skip
    error_told = failed.instance.last_error
    assert error_told is not None
    assert (error_told["kind"], error_told["code"]) == ("fetch", code)
    spelled = "timedOut" if code == "timedout" else code
    assert failed.steps[1].detail["paths"][0]["references"] == {"${lastDataFetchErrorCode}": spelled}


READ = (
    "${lastErrorCode}", "${lastExecutedActionErrorCode}", "${lastDataFetchErrorCode}",
    "${lastActionExecutionElapsedTime}", "${lastDataFetchElapsedTime}",
)  # fmt: skip


def journey_that_calls(*paths: str) -> CompiledJourney:
    """A call, then a node that fetches, then a condition with these paths, whatever becomes of either."""
    nodes = {"m": {"type": "customAction", "actionUid": "a2"}, "n": condition(WARM), "after": condition(*paths)}
    ways = (("m", "n"), ("m", "n", "error"), ("n", "after", "path", "p0"), ("n", "after", "error"))
    return compiled(document(nodes, ("start", "m"), *ways))


def what_is_read(journey: CompiledJourney, instance: Instance, fetch: str | None, call: ActionOutcome | None) -> Any:
    """What the condition's references held."""
    if call is not None:
        instance = advance(journey, through_storage(instance), ActionAnswered("m", 1, call), NOW_US).instance
    asked = FetchRequest("s1", "Weather", "now", {"city": "Paris"}, (0,))
    came = good(asked, elapsed_ms=7, temp=30) if fetch is None else bad(asked, fetch, fetch)
    shown = answer(journey, instance, came).steps[-1].detail["paths"]
    return [value for path in shown for value in path["references"].values()]


READ_ALL = [f"{text} == 1" if "Time}" in text else f'{text} == "x"' for text in READ]


@pytest.mark.parametrize(
    ("call", "fetch", "expected"),
    [
        (ActionOutcome("timedout", elapsed_ms=30), None, ["timedOut", "timedOut", None, 30, 7]),
        (ActionOutcome("http_503", elapsed_ms=31), "timedout", ["timedOut", "503", "timedOut", 31, 7]),
        (ActionOutcome("http_200", elapsed_ms=32), "capped", ["capped", None, "capped", 32, 7]),
        (ActionOutcome("http_200", elapsed_ms=33), None, [None, None, None, 33, 7]),
    ],
)
def test_the_latest_call_and_the_latest_fetch_are_told_apart(
    call: ActionOutcome, fetch: str | None, expected: list[Any]
) -> None:
    """Times whether they failed or not, and a later error of the other kind hides none."""
    journey = journey_that_calls(*READ_ALL)
    assert what_is_read(journey, entered(journey, {"city": "Paris"}).instance, fetch, call) == expected


def test_where_no_expression_reads_it_nothing_of_the_latest_call_is_kept() -> None:
    journey = journey_that_calls('${lastErrorCode} == "x"')
    begun = entered(journey, {"city": "Paris"})
    called = advance(journey, begun.instance, ActionAnswered("m", 1, ActionOutcome("http_503", elapsed_ms=31)), NOW_US)
    assert called.instance.latest is None
    failed = answer(journey, called.instance, bad(fetch_of(called).requests[0], "capped", "capped"))
    assert failed.instance.latest is None


def test_somebody_of_the_release_before_has_what_their_last_error_told() -> None:
    journey = journey_that_calls(*READ_ALL)
    begun = entered(journey, {"city": "Paris"})
    call = ActionAnswered("m", 1, ActionOutcome("timedout", elapsed_ms=30))
    failed = advance(journey, begun.instance, call, NOW_US).instance
    assert failed.last_error is not None
    before = failed._replace(last_error={**failed.last_error, "elapsedMs": 30}, latest=None)
    assert what_is_read(journey, before, "capped", None) == ["capped", "timedOut", "capped", 30, 7]


def test_without_alternative_path_a_failed_fetch_ends_the_instance() -> None:
    journey = journey_of(condition(WARM), *BRANCHES)
    begun = entered(journey, {"city": "Paris"})
    failed = answer(journey, begun.instance, bad(fetch_of(begun).requests[0], "timedout", "timedout"))
    assert (failed.instance.status, failed.instance.node_id) == ("timedout", None)
    assert failed.instance.fetch is None


def test_one_of_several_that_fails_is_enough() -> None:
    text = "#{Weather.world.temp} > 0 and " + WARM
    journey = journey_of(condition(text), *BRANCHES)
    begun = entered(journey, {"city": "Paris"})
    one, two = fetch_of(begun).requests
    failed = answer(journey, begun.instance, good(one, temp=1), bad(two, "http", "404"))
    assert (failed.steps[0].step_status, failed.steps[0].detail["fieldGroup"]) == ("error", two.group)


def test_a_fetch_that_was_lost_is_answered_as_a_call_that_was() -> None:
    journey = journey_of(condition(WARM), *BRANCHES, ("n", "no", "error"))
    begun = entered(journey, {"city": "Paris"})
    lost = ActionAnswered("n", begun.instance.pass_no, ActionOutcome("internalError", error_message="gone"))
    ended = advance(journey, through_storage(begun.instance), lost, NOW_US)
    assert states(ended)[0] == ("n", "error", "error")
    assert ended.steps[0].action is not None
    assert ended.steps[0].action["fetchErrorCode"] == "internalError"


def test_what_comes_meanwhile_is_put_aside_ignored_or_ends_the_stay() -> None:
    pay = {"type": "event", "eventUid": "e2"}
    journey = journey_of(condition(WARM), ("n", "pay", "path", "p0"), pay=pay)
    begun = entered(journey, {"city": "Paris"}).instance
    request = FetchRequest("s1", "Weather", "now", {}, (0,))
    stay = ("n", begun.pass_no)
    for stale in (
        TimerDue(*stay),
        DataFetched("n", begun.pass_no + 1, (good(request, temp=30),)),
        ActionAnswered(*stay, ActionOutcome("http_200")),
    ):
        assert advance(journey, begun, stale, NOW_US).ignored == "stale"
    queued = advance(journey, begun, EventReceived("e2", {"total": 1}), NOW_US)
    assert queued.queued
    moved = answer(journey, queued.instance, good(request, temp=30))
    assert moved.instance.status == "ended"
    assert [step.node_id for step in moved.steps] == ["n", "pay", "pay"]
    full = begun
    for _ in range(MAX_PENDING):
        full = advance(journey, full, EventReceived("e2", {}), NOW_US).instance
    assert advance(journey, full, EventReceived("e2", {}), NOW_US).ignored == "maxInstanceStackEventsReached"
    assert advance(journey, begun, Stopped("stopped"), NOW_US).instance.status == "stopped"
    late = advance(journey, begun, TimerDue(GLOBAL_TIMER, 0), NOW_US + 91 * DAY_US)
    assert late.instance.status == "timedout"
    again = advance(journey, moved.instance, DataFetched(*stay, (good(request, temp=30),)), NOW_US + MINUTE_US)
    assert again.ignored == "ended"


# --- the built-in source ---------------------------------------------------------------------------------------------


def test_a_field_group_added_to_the_profile_reads_its_fields_and_no_others() -> None:
    journey = journey_of(condition('#{ExperiencePlatform.TierOnly.tier} == "gold"'), *BRANCHES)
    assert journey.reads_profile
    data = {"ExperiencePlatform": {"ProfileFieldGroup": {"tier": "gold"}}}
    assert states(entered(journey, {}, **data))[1] == ("n", "ended", "path:p0")
    (fault,) = faults_of(condition("#{ExperiencePlatform.TierOnly.visits} > 1"))
    assert fault.code == "ERR_EXPRESSION"


# --- the check -------------------------------------------------------------------------------------------------------


def test_fields_have_the_types_of_the_sample() -> None:
    assert not faults_of(condition("#{Weather.world.days}.isEmpty == false or count(#{Weather.world.days}) > 0"))[1:]
    (fault,) = faults_of(condition("#{Weather.world.sky} > 3"))
    assert "string" in fault.message.lower() or "type" in fault.message.lower()


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("#{Wether.now.temp} > 1", "ERR_EXPRESSION", "Weather"),
        ("#{Weather.nw.temp} > 1", "ERR_EXPRESSION", "now"),
        ("#{Weather.world.tmp} > 1", "ERR_EXPRESSION", "temp"),
        ("#{Weather.now.temp} > 1", "ERR_DATA_SOURCE_PARAMETER_MISSING", "'city'"),
        ('#{Weather.now.temp, params: {town: "x"}} > 1', "ERR_DATA_SOURCE_PARAMETER", "it has: city"),
        ('#{Weather.now.temp, params: {city: list("a", "b")}} > 1', "ERR_DATA_SOURCE_PARAMETER", "listString"),
        ('#{Weather.many.temp, params: {city: "x"}} > 1', "ERR_DATA_SOURCE_PARAMETER_MISSING", "'ids'"),
    ],
)
def test_a_reference_that_cannot_work_is_told_where_it_stands(text: str, code: str, word: str) -> None:
    faults = faults_of(condition(text))
    assert any(fault.code == code and word in fault.message for fault in faults), faults
    assert all(fault.path == "$.nodes.n.paths[0].expression" for fault in faults)


def test_a_list_may_be_posted() -> None:
    assert not faults_of(condition('#{Weather.many.temp, params: {city: "x", ids: list("a", "b")}} > 1'))


def test_values_of_an_element_can_not_be_asked_with() -> None:
    text = (
        '#{Weather.world.days.all(currentDataPackField.max > '
        '#{Weather.now.temp, params: {city: toString(currentDataPackField.max)}})}.isEmpty'
    )  # fmt: skip
    faults = faults_of(condition(f"count({text.removesuffix('.isEmpty')}) > 0"))
    assert [fault.code for fault in faults] == ["ERR_DATA_SOURCE_PARAMETER"], faults
    assert "elements of a list" in faults[0].message


@pytest.mark.parametrize(
    ("entry", "code", "path"),
    [
        ({"dataSource": "Wether"}, "ERR_DATA_SOURCE_UNKNOWN", ".dynamicValues[0].dataSource"),
        ({"fieldGroup": "no"}, "ERR_DATA_SOURCE_UNKNOWN", ".dynamicValues[0].fieldGroup"),
        ({"values": []}, "ERR_DATA_SOURCE_PARAMETER_MISSING", ".dynamicValues[0].values"),
        (
            {"values": [{"name": "town", "expression": '"x"'}, {"name": "city", "expression": '"x"'}]},
            "ERR_DATA_SOURCE_PARAMETER", ".dynamicValues[0].values[0].name",
        ),
        (
            {"values": [{"name": "city", "expression": "#{Weather.now.sky}"}]},
            "ERR_DATA_SOURCE_PARAMETER", ".dynamicValues[0]",
        ),
    ],
)  # fmt: skip
def test_values_that_cannot_work_are_told_where_they_stand(entry: dict[str, Any], code: str, path: str) -> None:
    values = [{"name": "city", "expression": '"x"'}]
    whole = {"dataSource": "Weather", "fieldGroup": "now", "values": values, **entry}
    faults = faults_of(condition("#{Weather.now.temp} > 1", dynamicValues=[whole]))
    assert (code, f"$.nodes.n{path}") in [(fault.code, fault.path) for fault in faults], faults


def test_values_that_nobody_needs_are_a_warning() -> None:
    entry = {"dataSource": "Weather", "fieldGroup": "now", "values": [{"name": "city", "expression": '"x"'}]}
    (fault,) = faults_of(condition("true", dynamicValues=[entry]))
    assert (fault.code, fault.severity) == ("ERR_DATA_SOURCE_UNUSED", "warning")


def test_exit_criteria_can_not_read_external_sources() -> None:
    criteria = [{"id": "x", "eventUid": "e2", "expression": "#{Weather.world.temp} > 1"}]
    (fault,) = faults_of(condition("true"), exitCriteria=criteria)
    assert (fault.code, fault.path) == ("ERR_DATA_SOURCE_PLACE", "$.exitCriteria[0].expression")
