"""Who may enter: the checks in their order (journeys §9.1 to §9.3, §12.1), and what a document says of entrances."""

from dataclasses import replace
from typing import Any

import pytest
from journey_world import DAY_US, IDENTITY, MINUTE_US, NOW_US, SECOND_US, World, compiled, document

from parcours.journeys.compile import compile_version, examine
from parcours.journeys.entrance import way_back
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.match import OUTSIDE_DATES, Presence, is_test_profile, refuse_entrance

JANE = "jane@example.com"
GONE = Presence(NOW_US - DAY_US, is_active=False)
INSIDE = Presence(NOW_US - DAY_US, is_active=True)
TESTER = {"ExperiencePlatform": {"ProfileFieldGroup": {"testProfile": True}}}


def journey(**members: Any) -> Any:
    return compiled(document({"e": {"type": "end"}}, ("start", "e"), **members))


def reentering(**rule: Any) -> Any:
    return compiled(document({"e": {"type": "end"}}, ("start", "e")) | {"entry": {"node": "start", "reentrance": rule}})


def test_a_first_entrance_is_let_in() -> None:
    assert refuse_entrance(journey(), JANE, None, NOW_US) is None


def test_nobody_enters_without_a_key() -> None:
    for key in (None, ""):
        assert refuse_entrance(journey(), key, None, NOW_US) == "EXTERNAL_KEY_COMPUTATION_ERROR"


def test_who_is_inside_does_not_enter_again() -> None:
    assert refuse_entrance(journey(), JANE, INSIDE, NOW_US) == "notSuitableInitialEvent"
    free = reentering(allowed=True, waitSeconds=0)
    assert refuse_entrance(free, JANE, INSIDE, NOW_US) == "notSuitableInitialEvent"


def test_reentrance_is_after_five_minutes_from_the_entrance_unless_the_journey_says_otherwise() -> None:
    entered = Presence(NOW_US, is_active=False)
    soon = NOW_US + 5 * MINUTE_US - 1
    assert refuse_entrance(journey(), JANE, entered, soon) == "reentranceNotAllowed"
    assert refuse_entrance(journey(), JANE, entered, soon + 1) is None
    hourly = reentering(allowed=True, waitSeconds=3_600)
    assert refuse_entrance(hourly, JANE, entered, soon + 1) == "reentranceNotAllowed"
    assert refuse_entrance(hourly, JANE, entered, NOW_US + 3_600 * SECOND_US) is None


def test_without_reentrance_nobody_ever_comes_again() -> None:
    never = reentering(allowed=False)
    assert refuse_entrance(never, JANE, GONE, NOW_US + 400 * DAY_US) == "reentranceNotAllowed"
    assert refuse_entrance(never, JANE, None, NOW_US) is None


def test_the_wait_for_reentrance_is_ninety_days_at_most() -> None:
    reentering(allowed=True, waitSeconds=90 * 86_400)
    with pytest.raises(JourneyInvalid):
        reentering(allowed=True, waitSeconds=90 * 86_400 + 1)


def test_dates_of_a_journey_let_enter_from_the_start_up_to_before_the_end() -> None:
    dated = journey(startDate="2026-01-01T00:00:00Z", endDate="2026-01-02T00:00:00Z")
    assert refuse_entrance(dated, JANE, None, NOW_US - 1) == OUTSIDE_DATES
    assert refuse_entrance(dated, JANE, None, NOW_US) is None
    assert refuse_entrance(dated, JANE, None, NOW_US + DAY_US - 1) is None
    assert refuse_entrance(dated, JANE, None, NOW_US + DAY_US) == OUTSIDE_DATES
    local = journey(startDate="2026-01-01T02:00:00+02:00")
    assert refuse_entrance(local, JANE, None, NOW_US) is None


def test_in_test_mode_only_test_profiles_enter() -> None:
    testing = replace(journey(), mode="test")
    assert refuse_entrance(testing, JANE, None, NOW_US, {}, {}) == "ERROR_INSTANCE_NOT_A_TEST_PROFILE"
    assert refuse_entrance(testing, JANE, None, NOW_US, {}, TESTER) is None
    assert refuse_entrance(journey(), JANE, None, NOW_US, {}, {}) is None
    for value in (False, "true", 1, None):
        assert not is_test_profile({"ExperiencePlatform": {"ProfileFieldGroup": {"testProfile": value}}})


def test_the_checks_come_in_their_order() -> None:
    """Each entrance breaks every rule from one on, and is refused by that one."""
    strict = replace(
        reentering(allowed=False), pause="hold", mode="test", end_us=NOW_US,
        admits=lambda payload: payload.get("why"),
    )  # fmt: skip
    mismatch = {"why": "ERROR_SEGMENT_REALISATION_CONDITION_MISMATCH"}
    assert refuse_entrance(strict, None, INSIDE, NOW_US, mismatch) == "PAUSED_JOURNEY_VERSION"
    strict = replace(strict, pause=None)
    assert refuse_entrance(strict, None, INSIDE, NOW_US, mismatch) == OUTSIDE_DATES
    strict = replace(strict, end_us=None)
    assert refuse_entrance(strict, None, INSIDE, NOW_US, mismatch) == mismatch["why"]
    assert refuse_entrance(strict, None, INSIDE, NOW_US) == "EXTERNAL_KEY_COMPUTATION_ERROR"
    assert refuse_entrance(strict, JANE, INSIDE, NOW_US) == "ERROR_INSTANCE_NOT_A_TEST_PROFILE"
    assert refuse_entrance(strict, JANE, INSIDE, NOW_US, {}, TESTER) == "notSuitableInitialEvent"
    assert refuse_entrance(strict, JANE, GONE, NOW_US, {}, TESTER) == "reentranceNotAllowed"


def faults(nodes: dict[str, Any], *edges: tuple[str, ...], world: World | None = None, **members: Any) -> list[str]:
    with pytest.raises(JourneyInvalid) as caught:
        compile_version(document(nodes, *edges, **members), world or World(), IDENTITY)
    return [fault.code for fault in caught.value.faults]


END = {"type": "end"}
READ = {"type": "readAudience", "audienceId": "vip"}
JUMP = {"type": "jump", "targetJourneyUid": "other"}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"schedule": {"type": "once"}}, "ERR_READ_SCHEDULE"),
        ({"schedule": {"type": "weekly"}}, "ERR_READ_SCHEDULE"),
        ({"schedule": {"type": "monthly"}}, "ERR_READ_SCHEDULE"),
        ({"schedule": {"type": "once", "startDate": "tomorrow"}}, "ERR_READ_SCHEDULE"),
        ({"incremental": True}, "ERR_READ_SCHEDULE"),
        ({"forceReentrance": True}, "ERR_READ_SCHEDULE"),
        ({"schedule": {"type": "weekly", "days": ["monday"]}, "waitForAudienceHours": 2}, "ERR_READ_SCHEDULE"),
        ({"schedule": {"type": "daily"}, "waitForAudienceHours": 7}, "ERR_DOCUMENT_SHAPE"),
        ({"schedule": {"type": "daily"}, "waves": {"count": 2, "minutesApart": 30}}, "ERR_READ_WAVES"),
        ({"waves": {"count": 11, "minutesApart": 30}}, "ERR_DOCUMENT_SHAPE"),
        ({"waves": {"count": 1, "minutesApart": 30}}, "ERR_DOCUMENT_SHAPE"),
        ({"waves": {"count": 2, "minutesApart": 29}}, "ERR_DOCUMENT_SHAPE"),
        ({"waves": {"count": 2}}, "ERR_READ_WAVES"),
        ({"waves": {"count": 2, "minutesApart": 30, "percentages": [50, 50], "profiles": [1, 1]}}, "ERR_READ_WAVES"),
        ({"waves": {"count": 3, "minutesApart": 30, "percentages": [50, 50]}}, "ERR_READ_WAVES"),
        ({"waves": {"count": 2, "minutesApart": 30, "percentages": [50, 49]}}, "ERR_READ_WAVES"),
        ({"waves": {"count": 2, "minutesApart": 30, "percentages": [100, 0]}}, "ERR_DOCUMENT_SHAPE"),
        ({"waves": {"count": 2, "minutesApart": 30, "profiles": [1, 0]}}, "ERR_DOCUMENT_SHAPE"),
        ({"waves": {"count": 2, "startDates": ["2030-01-01T09:00", "2030-01-01T09:29"]}}, "ERR_READ_WAVES"),
        ({"waves": {"count": 2, "startDates": ["2030-01-01T09:00", "soon"]}}, "ERR_READ_WAVES"),
        ({"throttlingRate": 499}, "ERR_DOCUMENT_SHAPE"),
        ({"throttlingRate": 20_001}, "ERR_DOCUMENT_SHAPE"),
    ],
)
def test_a_read_audience_that_can_not_be_is_refused(config: dict[str, Any], code: str) -> None:
    assert faults({"start": READ | config, "e": END}, ("start", "e")) == [code]


@pytest.mark.parametrize(
    ("waves", "member"),
    [
        ({"count": 2}, "minutesApart"),
        ({"count": 2, "minutesApart": 30, "percentages": [60, 30]}, "percentages"),
        ({"count": 3, "minutesApart": 30, "profiles": [10, 10]}, "profiles"),
        ({"count": 2, "minutesApart": 30, "startDates": ["2030-01-02T09:00", "2030-01-02T10:00"]}, "startDates"),
        ({"count": 2, "startDates": ["2029-12-31T09:00", "2030-01-02T10:00"]}, "startDates[0]"),
        ({"count": 2, "startDates": ["2030-01-02T09:00", "2030-01-02T09:10"]}, "startDates[1]"),
    ],
)
def test_a_fault_of_waves_names_the_member(waves: dict[str, Any], member: str) -> None:
    schedule = {"type": "once", "startDate": "2030-01-01T00:00"}
    found = document({"start": READ | {"waves": waves, "schedule": schedule}, "e": END}, ("start", "e"))
    _, told = examine(found, World())
    assert [(fault.code, fault.path) for fault in told] == [("ERR_READ_WAVES", f"$.nodes.start.waves.{member}")]


def test_a_date_of_the_schedule_that_is_none_is_no_fault_of_the_waves() -> None:
    waves = {"count": 2, "startDates": ["2030-01-02T09:00", "2030-01-02T09:10"]}
    schedule = {"type": "once", "startDate": "soon"}
    found = document({"start": READ | {"waves": waves, "schedule": schedule}, "e": END}, ("start", "e"))
    _, told = examine(found, World())
    assert sorted(fault.path for fault in told) == [
        "$.nodes.start.schedule.startDate", "$.nodes.start.waves.startDates[1]",
    ]  # fmt: skip


def test_waves_of_their_own_sizes_and_dates_are_taken() -> None:
    dates = ["2030-01-01T09:00", "2030-01-01T09:30"]
    for waves in (
        {"count": 2, "minutesApart": 30, "percentages": [12.5, 87.5]},
        {"count": 2, "startDates": dates, "profiles": [10_000, 50_000]},
        {"count": 2, "startDates": ["2030-01-01T09:00", "2030-01-01T10:00+01:00"]},
    ):
        read = compiled(document({"start": READ | {"waves": waves}, "e": END}, ("start", "e"))).audience_read
        assert read is not None
        assert read.waves == waves
    after_event = {"start": {"type": "businessEvent", "eventUid": "b1"}, "r": READ | {"waves": {"count": 2}}, "e": END}
    after_event["r"]["waves"]["startDates"] = dates
    assert faults(after_event, ("start", "r"), ("r", "e")) == ["ERR_READ_WAVES"]


def test_a_read_audience_has_its_place() -> None:
    assert "ERR_READ_PLACE" in faults({"r": READ, "e": END}, ("start", "r"), ("r", "e"))
    assert "ERR_BUSINESS_AUDIENCE" in faults(
        {"start": {"type": "businessEvent", "eventUid": "b1"}, "e": END}, ("start", "e")
    )
    assert compiled(document({"start": READ, "e": END}, ("start", "e"))).audience_read.rate == 5_000  # type: ignore[union-attr]


def test_a_jump_needs_a_target_of_its_namespace_and_no_way_back() -> None:
    world = World()
    assert faults({"j": JUMP | {"targetJourneyUid": "nowhere"}}, ("start", "j"), world=world) == ["ERR_JUMP_TARGET"]
    world.targets["other"] = replace(world.targets["other"], namespace="ECID")
    assert faults({"j": JUMP}, ("start", "j"), world=world) == ["ERR_JUMP_NAMESPACE"]
    world = World()
    world.jumps = {"other": frozenset({"third"}), "third": frozenset({"journey"})}
    assert faults({"j": JUMP}, ("start", "j"), world=world) == ["ERR_JUMP_LOOP"]
    assert way_back("other", "journey", world) == ["other", "third", "journey"]
    world.jumps = {"other": frozenset({"third"})}
    assert way_back("other", "journey", world) is None


def test_a_reaction_stands_right_after_its_action() -> None:
    mail = {"type": "customAction", "actionUid": "a2"}
    reaction = {"type": "reaction", "actionNodeId": "m", "reactions": ["opened"]}
    wait = {"type": "wait", "duration": {"value": 1, "unit": "hours"}}
    edges = [("start", "m"), ("m", "w"), ("w", "r")]
    assert faults({"m": mail, "w": wait, "r": reaction}, *edges) == ["ERR_REACTION_PLACE"]
    soon = reaction | {"timeout": {"value": 39, "unit": "seconds", "path": False}}
    assert faults({"m": mail, "r": soon}, ("start", "m"), ("m", "r")) != []


def test_a_qualification_inside_a_journey_chooses_no_namespace_and_exit_criteria_are_of_the_journeys() -> None:
    inside = {"type": "audienceQualification", "audienceId": "vip", "identityNamespace": "Email"}
    assert faults({"q": inside}, ("start", "q")) == ["ERR_QUALIFICATION_NAMESPACE"]
    criterion = [{"id": "c", "eventUid": "e3"}]
    assert "ERR_EVENT_NAMESPACE" in faults({"e": END}, ("start", "e"), exitCriteria=criterion)


def test_a_journey_has_ten_lookups_at_most() -> None:
    lookup = {"type": "datasetLookup", "dataSetId": "d2", "keys": '"a"'}

    def chain(number: int) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        names = [f"l{index}" for index in range(number)]
        return dict.fromkeys(names, lookup), list(zip(["start", *names], names, strict=False))

    nodes, edges = chain(10)
    compiled(document(nodes, *edges))
    nodes, edges = chain(11)
    assert faults(nodes, *edges) == ["ERR_LOOKUP_COUNT"]


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"dataSetId": "d2"}, "ERR_UPDATE_DATA_SET"),
        ({"dataSetId": "nowhere"}, "ERR_DATA_SET_UNKNOWN"),
        ({"updates": [{"path": "/nothing", "expression": '"x"'}]}, "ERR_FIELD_UNKNOWN"),
        ({"updates": [{"path": "/identityMap", "expression": '"x"'}]}, "ERR_UPDATE_FIELD"),
        ({"updates": [{"path": "/tier", "expression": '"x"'}] * 2}, "ERR_UPDATE_FIELD"),
        ({"updates": [{"path": "/visits", "expression": '"many"'}]}, "ERR_EXPRESSION"),
        ({"updates": [{"path": f"/f{n}", "expression": '"x"'} for n in range(6)]}, "ERR_DOCUMENT_SHAPE"),
        ({"updates": []}, "ERR_DOCUMENT_SHAPE"),
    ],
)
def test_an_update_writes_existing_fields_of_a_data_set_of_the_profile(config: dict[str, Any], code: str) -> None:
    update = {"type": "updateProfile", "dataSetId": "d1", "updates": [{"path": "/tier", "expression": '"gold"'}]}
    compiled(document({"u": update}, ("start", "u")))
    assert code in faults({"u": update | config}, ("start", "u"))
    anonymous = {"start": {"type": "event", "eventUid": "e4"}, "u": update}
    assert "ERR_UPDATE_NAMESPACE" in faults(anonymous, ("start", "u"))
