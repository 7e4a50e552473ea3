"""Rule sets over both databases: caps are exact in one batch and over many, messages are skipped, held or discarded."""

import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.model import HttpRequest
from parcours.db import Database
from parcours.doctor.rules import examine_part, recall_timer
from parcours.doctor.store import read_part
from parcours.journeys import store
from parcours.journeys.activities.kind import ActionShape, ParameterShape
from parcours.journeys.compile import VersionIdentity, compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import ActionOutcome
from parcours.journeys.rulebook import RuleBook
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.steps import from_stored
from parcours.journeys.workset import Arrival
from parcours.kit.clock import to_datetime
from parcours.rulesets import store as rule_counts
from parcours.rulesets.document import read_document
from parcours.rulesets.ledger import Place
from parcours.rulesets.table import RuleSetTable

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journeys"))
from journey_world import DAY_US, NOW_US, SECOND_US, World, document

HOUR_US = 3_600 * SECOND_US
MINUTE_US = 60 * SECOND_US
MAIL = {"type": "customAction", "actionUid": "mail", "parameters": [{"paramPath": "/to", "expression": '"x"'}]}
STAY = {"type": "wait", "duration": {"value": 2, "unit": "hours"}}
JANE = "jane@example.com"


class Definitions(World):
    """The test journeys' world, with an action that sends e-mails."""

    def __init__(self) -> None:
        super().__init__()
        self.actions["mail"] = ActionShape("mail", "Mail", {"/to": ParameterShape("To", None, False)}, channel="Email")


DEFINITIONS = Definitions()


def journey(
    uid: str, nodes: Mapping[str, Any], *edges: tuple[str, ...], wait_s: int = 0, **members: Any
) -> CompiledJourney:
    doc = document(nodes, *edges, **members)
    doc["name"] = uid
    doc["entry"]["reentrance"] = {"allowed": True, "waitSeconds": wait_s}
    identity = VersionIdentity(scope_id=1, journey_uid=uid, version_uid=f"{uid}-1")
    return compile_version(doc, DEFINITIONS, identity)


def at_once(uid: str, **members: Any) -> CompiledJourney:
    """Everyone leaves as they come."""
    return journey(uid, {"e": {"type": "end"}}, ("start", "e"), **members)


def staying(uid: str, **members: Any) -> CompiledJourney:
    """Everyone stays for two hours."""
    return journey(uid, {"w": STAY}, ("start", "w"), **members)


def mailing(uid: str, **members: Any) -> CompiledJourney:
    """Everyone gets an e-mail and goes on."""
    mail = {**MAIL, "ruleSet": "c"}
    return journey(uid, {"m": mail, "e": {"type": "end"}}, ("start", "m"), ("m", "e"), **members)


def table(*sets: Mapping[str, Any]) -> RuleSetTable:
    return RuleSetTable((1, one["uid"], read_document({"state": "active", **one})) for one in sets)


def entries(limit: int, period: str = "day", **members: Any) -> dict[str, Any]:
    rule = {"id": "r", "name": "Entries", "type": "entryCap", "limit": limit, "period": period}
    return {"uid": "s", "name": "Journeys", "domain": "journey", "rules": [rule], **members}


def simultaneous(limit: int, **rule: Any) -> dict[str, Any]:
    one = {"id": "r", "name": "Inside", "type": "concurrencyCap", "limit": limit, **rule}
    return {"uid": "s", "name": "Journeys", "domain": "journey", "rules": [one]}


def messages(*rules: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    return {"uid": "c", "name": "Promotions", "domain": "channel", "rules": list(rules), **members}


def often(limit: int, period: str = "day") -> dict[str, Any]:
    rule = {"id": "often", "name": "Often", "type": "frequencyCap", "limit": limit, "period": period}
    return {**rule, "channels": ["email"]}


def quiet(handling: str = "queue", **period: Any) -> dict[str, Any]:
    days = {"days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], **period}
    rule = {"id": "quiet", "name": "Quiet", "type": "quietHours", "channels": ["email"], "periods": [days]}
    return {**rule, "handling": handling}


class Actions:
    """Every action calls one place; one that is broken can't be built."""

    is_broken = False

    def get(self, _scope_id: int, _uid: str) -> Any:
        return self

    def build(self, _parameters: Any, _path: str | None) -> HttpRequest:
        if self.is_broken:
            raise ActionParameterInvalid("it has no body", "/to")
        return HttpRequest("POST", "https://example.com/", (), None)


class Nobody:
    """Nobody of whom anything is known but a time zone."""

    def __init__(self) -> None:
        self.zones: dict[str, str] = {}

    def data_of(self, _journey: CompiledJourney, key: str) -> dict[str, Any]:
        return {"ExperiencePlatform": {"ProfileFieldGroup": {"timeZone": self.zones.get(key)}}}


class Scene:
    """The worker's transactions, each with a rule book of its own, on a clock that the test moves."""

    def __init__(self, db: Database, journeys: Sequence[CompiledJourney], rule_sets: RuleSetTable) -> None:
        self.db, self.rule_sets, self.now_us = db, rule_sets, NOW_US
        self.actions, self.nobody = Actions(), Nobody()
        self.members: dict[str, set[str]] = {}
        self.lines: list[dict[str, Any]] = []
        self.sent = 0
        self._number = 0
        self.statements = 0
        listeners: dict[tuple[int, str], tuple[CompiledJourney, ...]] = {}
        for one in journeys:
            for uid in one.listened:
                listeners[1, uid] = (*listeners.get((1, uid), ()), one)
        entered: dict[tuple[int, str], tuple[CompiledJourney, ...]] = {}
        for one in journeys:
            entered[1, one.entry_event_uid] = (*entered.get((1, one.entry_event_uid), ()), one)
        self.live = LiveJourneys(
            entered,
            listeners,
            {one.version_uid: one for one in journeys},
            {(1, one.journey_uid): one for one in journeys},
            scopes=frozenset({1}),
            modified_ms={one.version_uid: number for number, one in enumerate(journeys)},
            namespaces={(1, one.journey_uid): one.namespace for one in journeys},
        )

    def transact(self, work: Any) -> Any:
        with self.db.write() as connection:
            book = RuleBook(self.rule_sets, self.live, self.now_us, self._members_of, partial(self._read, connection))
            actions: Any = self.actions
            nobody: Any = self.nobody
            workspace = JourneyWorkspace(connection, self.live, actions, nobody, self.now_us, book)
            found = work(workspace)
            workspace.flush()
            self.sent += len(workspace.calls)
            self.calls = workspace.calls
            self.lines += [orjson.loads(line) for line in workspace.step_lines.get(1, [])]
            return found

    def _read(self, connection: Any, *asked: Any) -> Any:
        self.statements += 1
        return rule_counts.find_counts(connection, *asked)

    def _members_of(self, _scope_id: int, identity: tuple[str, str], ids: Any) -> Any:
        return {one for one in ids if identity[1] in self.members.get(one, ())}

    def send(self, *keys: str, event: str = "e1") -> list[list[dict[str, Any]]]:
        """Events, one for each key, in one transaction."""

        def receive(workspace: JourneyWorkspace) -> Any:
            interest = workspace.interest(1, event)
            workspace.preload((1, uid, key) for key in keys for uid in interest.journey_uids)
            told = []
            for key in keys:
                self._number += 1
                data = self.nobody.data_of(None, key)  # type: ignore[arg-type]
                told.append(workspace.receive(Arrival(1, event, key, {}, f"x{self._number}", 1, data)))
            return told

        found: list[list[dict[str, Any]]] = self.transact(receive)
        return found

    def outcomes(self, *keys: str) -> list[dict[str, str]]:
        """By journey, `entered` or why not, of one event for each key."""
        return [{one["journey"]: one.get("reason", one["outcome"]) for one in told} for told in self.send(*keys)]

    def wake(self) -> int:
        with self.db.read() as connection:
            due = store.find_due(connection, self.now_us, 1_000)

        def wake(workspace: JourneyWorkspace) -> None:
            workspace.load(timer.instance_id for timer in due)
            for timer in due:
                workspace.wake(timer)

        self.transact(wake)
        return len(due)

    def answer(self) -> None:
        calls = self.calls

        def answer(workspace: JourneyWorkspace) -> None:
            workspace.load(call.instance_id for call in calls)
            for call in calls:
                workspace.answer(call.instance_id, call.node_id, call.pass_no, ActionOutcome("http_200"))

        self.transact(answer)

    def counted(self) -> dict[str, int]:
        with self.db.read() as connection:
            return {row.person: row.number for row in connection.execute(select(rule_counts.count_table))}

    def held(self) -> set[str]:
        """Ids of those whose message waits."""
        with self.db.read() as connection:
            part = read_part(connection, "", 10_000)
        return {one.id for one in part.instances.values() if one.waiting_for == "timer"}

    def recall(self) -> tuple[int, str] | None:
        """The timer of the one who waits, as the doctor would start it again."""
        with self.db.read() as connection:
            (waiting,) = read_part(connection, "", 10).instances.values()
            steps = [one for _, text in store.list_steps(connection, [waiting.id]) for one in from_stored(text)]
        return recall_timer(waiting, steps, self.live.versions[waiting.version_uid])

    def faults(self) -> list[str]:
        """What the doctor finds."""
        with self.db.read() as connection:
            part = read_part(connection, "", 10_000)
        return [fault.code for fault in examine_part(part, self.live, self.now_us, MINUTE_US)]


def test_counts_are_added_up_and_forgotten_when_their_window_is_over(db: Database) -> None:
    place, other = Place(1, "email:jane", "s/r", 0, 100), Place(1, "email:joe", "s/r", 0, 200)
    with db.write() as connection:
        rule_counts.add_counts(connection, {place: 2, other: 1})
        rule_counts.add_counts(connection, {place: 1})
        rule_counts.add_counts(connection, {})
    with db.write() as connection:
        assert rule_counts.find_counts(connection, 1, ["email:jane", "nobody"], 99) == [(place, 3)]
        assert rule_counts.find_counts(connection, 1, ["email:jane"], 100) == []
        assert rule_counts.find_counts(connection, 2, ["email:jane"], 0) == []
        assert rule_counts.trim_counts(connection, 100) == 1
        assert rule_counts.find_counts(connection, 1, ["email:jane", "email:joe"], 0) == [(other, 1)]


def test_a_cap_holds_among_many_events_of_one_batch_and_after_a_restart(db: Database) -> None:
    scene = Scene(db, [at_once("a", ruleSet="s")], table(entries(3)))
    told = scene.outcomes(*[JANE] * 5, "joe@example.com")
    assert [one["a"] for one in told] == [*["entered"] * 3, *["CAP_REACHED"] * 2, "entered"]
    again = Scene(db, [at_once("a", ruleSet="s")], table(entries(3)))
    again._number = 100
    assert again.outcomes(JANE) == [{"a": "CAP_REACHED"}]
    assert again.counted() == {f"Email:{JANE}": 3, "Email:joe@example.com": 1}
    again.now_us += DAY_US
    assert again.outcomes(JANE) == [{"a": "entered"}]


def test_counts_of_a_batch_are_read_in_one_statement(db: Database) -> None:
    scene = Scene(db, [at_once("a", ruleSet="s"), at_once("b", ruleSet="s")], table(entries(3)))
    scene.send(*[f"p{number}@example.com" for number in range(300)])
    assert scene.statements == 1


def test_a_refusal_is_told_with_its_rule_in_the_decision_and_in_the_lake(db: Database) -> None:
    scene = Scene(db, [at_once("a", ruleSet="s")], table(entries(1)))
    (_, (told,)) = scene.send(JANE, JANE)
    rejected = {"ID": "s", "name": "Journeys", "rejectedRules": [{"ID": "r", "name": "Entries"}]}
    assert (told["outcome"], told["reason"], told["rejectedRuleset"]) == ("refused", "CAP_REACHED", rejected)
    (line,) = [one for one in scene.lines if one["_id"].startswith("discard-")]
    assert line["_experience"]["journeyOrchestration"]["serviceEvents"]["dispatcher"] == {
        "eventType": "CAP_REACHED", "eventCode": "discard", "eventCodeReason": "CAP_REACHED", "eventID": "e1",
        "rejectedRuleset": rejected,
    }  # fmt: skip


def test_a_set_counts_the_journeys_that_name_it_and_a_global_one_counts_all(db: Database) -> None:
    journeys = [at_once("a", ruleSet="s"), at_once("b")]
    named = Scene(db, journeys, table(entries(1)))
    assert named.outcomes(JANE, JANE) == [
        {"a": "entered", "b": "entered"}, {"a": "CAP_REACHED", "b": "entered"},
    ]  # fmt: skip
    everything = Scene(db, journeys, table(entries(2, uid="g", isGlobal=True)))
    everything._number = 100
    assert Counter(everything.outcomes("joe", "joe")[0].values()) == {"entered": 2}
    assert set(everything.outcomes("joe")[0].values()) == {"CAP_REACHED"}


def test_of_two_journeys_of_one_event_the_higher_priority_takes_the_room(db: Database) -> None:
    low, high = at_once("low", ruleSet="s", priority=10), at_once("high", ruleSet="s", priority=90)
    for journeys in ([low, high], [high, low]):
        scene = Scene(db, journeys, table(entries(1)))
        scene._number = 1_000 * len(scene.counted())
        key = f"{journeys[0].name}@example.com"
        assert scene.outcomes(key) == [{"high": "entered", "low": "LOWER_PRIORITY"}]
        assert scene.outcomes(key) == [{"high": "CAP_REACHED", "low": "CAP_REACHED"}]


def test_of_equal_priorities_the_one_changed_last_comes_first(db: Database) -> None:
    scene = Scene(db, [at_once("older", ruleSet="s"), at_once("newer", ruleSet="s")], table(entries(1)))
    assert scene.outcomes(JANE) == [{"newer": "entered", "older": "LOWER_PRIORITY"}]


def test_simultaneous_journeys_are_counted_while_the_individual_is_inside(db: Database) -> None:
    journeys = [staying("a", ruleSet="s", priority=1), staying("b", ruleSet="s")]
    scene = Scene(db, journeys, table(simultaneous(1)))
    assert scene.outcomes(JANE) == [{"a": "entered", "b": "LOWER_PRIORITY"}]
    scene.now_us += HOUR_US
    assert scene.outcomes(JANE) == [{"a": "notSuitableInitialEvent", "b": "CAP_REACHED"}]
    scene.now_us += HOUR_US
    assert scene.wake() == 1  # a is left
    assert scene.outcomes(JANE) == [{"a": "entered", "b": "LOWER_PRIORITY"}]
    assert scene.counted() == {}


def test_who_is_stopped_is_no_longer_inside(db: Database) -> None:
    journeys = [staying("a", ruleSet="s", priority=1), staying("b", ruleSet="s")]
    scene = Scene(db, journeys, table(simultaneous(1)))
    scene.send(JANE)
    with db.write() as connection:
        store.request_stop(connection, 1, "a", "a-1")
        (stop,) = store.find_stops(connection)
        inside = store.list_inside(connection, stop, 10)
        store.finish_stop(connection, stop)
    scene.transact(lambda workspace: workspace.stop(journeys[0], inside, "stopped"))
    scene = Scene(db, [journeys[1]], table(simultaneous(1)))
    scene._number = 10
    assert scene.outcomes(JANE) == [{"b": "entered"}]


def scheduled(uid: str, priority: int, at: str) -> CompiledJourney:
    doc = {
        "name": uid,
        "entry": {"node": "read"},
        "nodes": {
            "read": {
                "type": "readAudience", "audienceId": "vip",
                "schedule": {"type": "once", "startDate": at},
            },
            "e": {"type": "end"},
        },
        "edges": [{"from": "read", "to": "e"}],
        "ruleSet": "s",
        "priority": priority,
    }  # fmt: skip
    return compile_version(
        doc, DEFINITIONS, VersionIdentity(scope_id=1, journey_uid=uid, version_uid=f"{uid}-1")
    )  # fmt: skip


def test_a_scheduled_journey_of_higher_priority_keeps_its_place_for_those_in_its_audience(db: Database) -> None:
    tomorrow = to_datetime(NOW_US + DAY_US).strftime("%Y-%m-%dT%H:%M:%S")
    rules = table(simultaneous(1, lookAheadDays=7))
    later = scheduled("sale", 80, tomorrow)
    scene = Scene(db, [staying("now", ruleSet="s", priority=20), later], rules)
    scene.members["vip"] = {JANE}
    assert scene.outcomes(JANE, "joe@example.com") == [{"now": "LOWER_PRIORITY"}, {"now": "entered"}]
    scene = Scene(db, [staying("now", ruleSet="s", priority=80), later], rules)
    scene._number = 10
    scene.members["vip"] = {JANE}
    assert scene.outcomes(JANE) == [{"now": "entered"}]
    scene = Scene(db, [staying("now", ruleSet="s", priority=20), later], table(simultaneous(1, lookAheadDays=1)))
    scene._number = 20
    scene.members["vip"] = {"ann@example.com"}
    assert scene.outcomes("ann@example.com") == [{"now": "entered"}]  # it is not today


def test_each_supplemental_id_counts(db: Database) -> None:
    doc = document({"start": {"type": "event", "eventUid": "s1"}, "e": {"type": "end"}}, ("start", "e"), ruleSet="s")
    doc["entry"]["reentrance"] = {"allowed": True, "waitSeconds": 0}
    booked = compile_version(doc, DEFINITIONS, VersionIdentity(scope_id=1, journey_uid="b", version_uid="b-1"))
    scene = Scene(db, [booked], table(entries(2)))
    arrival = Arrival(1, "s1", JANE, {}, "x", 1, {}, ("one", "two", "three"))
    told = scene.transact(lambda workspace: workspace.receive(arrival))
    assert [one.get("reason", one["outcome"]) for one in told] == ["entered", "entered", "CAP_REACHED"]


def test_a_jump_counts_and_is_refused_like_an_event(db: Database) -> None:
    to_other = {"type": "jump", "targetJourneyUid": "other"}
    origin = journey("a", {"j": to_other, "e": {"type": "end"}}, ("start", "j"), ("j", "e"))
    doc = document({"start": {"type": "event", "eventUid": "e2"}, "e": {"type": "end"}}, ("start", "e"), ruleSet="s")
    doc["entry"]["reentrance"] = {"allowed": True, "waitSeconds": 0}
    target = compile_version(doc, DEFINITIONS, VersionIdentity(scope_id=1, journey_uid="other", version_uid="o-1"))
    scene = Scene(db, [origin, target], table(entries(1)))
    scene.send(JANE, JANE)
    jumps = [
        step
        for step in (one["_experience"]["journeyOrchestration"]["stepEvents"] for one in scene.lines)
        if step.get("actionType") == "jump"
    ]
    assert [step.get("actionExecutionErrorCode") for step in jumps] == [None, "CAP_REACHED"]


def test_tests_and_dry_runs_are_under_no_rules(db: Database) -> None:
    dry = replace(at_once("a", ruleSet="s"), mode="dryRun")
    scene = Scene(db, [dry], table(entries(1)))
    assert scene.outcomes(JANE, JANE) == [{"a": "entered"}, {"a": "entered"}]
    assert scene.counted() == {}


def test_a_refused_message_is_skipped_and_the_individual_goes_on(db: Database) -> None:
    scene = Scene(db, [mailing("a")], table(messages(often(1))))
    scene.send(JANE, "joe@example.com")
    scene.answer()
    assert scene.sent == 2
    (told,) = scene.send(JANE)
    assert scene.sent == 2
    with db.read() as connection:
        instance = store.find_instances(connection, [told[0]["instanceId"]])[told[0]["instanceId"]]
    assert (instance.status, instance.node_id) == ("ended", None)
    skipped, end = [
        one["_experience"]["journeyOrchestration"]
        for one in scene.lines
        if one["_experience"]["journeyOrchestration"]["stepEvents"]["instanceID"] == told[0]["instanceId"]
    ][1:]
    assert skipped["stepEvents"]["actionExecutionError"] == "businessRuleProfileDiscarded"
    assert skipped["serviceEvents"]["dispatcher"] == {
        "rejectedRuleset": {
            "ID": "c", "name": "Promotions", "rejectedRules": [{"ID": "often", "name": "Often"}],
        }
    }  # fmt: skip
    assert end["stepEvents"]["nodeID"] == "e"
    scene.now_us += DAY_US
    scene.send(JANE)
    assert scene.sent == 3


def test_a_message_that_can_not_be_built_is_not_counted(db: Database) -> None:
    scene = Scene(db, [mailing("a")], table(messages(often(1))))
    scene.actions.is_broken = True
    scene.send(JANE)
    scene.actions.is_broken = False
    scene.send(JANE)
    assert scene.sent == 1
    assert scene.counted() == {f"Email:{JANE}": 1}


def test_nothing_is_counted_where_no_rule_applies(db: Database) -> None:
    scene = Scene(db, [mailing("a")], table({**messages(often(1)), "uid": "other"}))
    scene.send(JANE, "joe@example.com")
    assert scene.sent == 2
    assert scene.counted() == {}


def test_a_message_in_quiet_hours_waits_for_their_end_with_one_timer(db: Database) -> None:
    scene = Scene(db, [mailing("a")], table(messages(quiet(**{"from": "00:00", "to": "23:00"}))))
    day_us = NOW_US - NOW_US % DAY_US
    scene.now_us = day_us + 20 * HOUR_US
    scene.send(JANE)
    assert scene.sent == 0
    assert scene.faults() == []
    assert scene.recall() == (day_us + 23 * HOUR_US, "quietHours")
    scene.now_us = day_us + 23 * HOUR_US - 1
    assert scene.wake() == 0
    again = Scene(db, [mailing("a")], scene.rule_sets)  # the worker has started anew
    again.now_us = day_us + 23 * HOUR_US
    assert again.wake() == 1
    assert again.sent == 1
    with db.read() as connection:
        timers = store.find_due(connection, NOW_US + 200 * DAY_US, 10)
    assert [timer.node_id for timer in timers] == [""]


def test_who_leaves_while_their_message_waits_takes_its_timer_along(db: Database) -> None:
    scene = Scene(db, [mailing("a", exitCriteria=[{"id": "x", "eventUid": "e2"}])], table(messages(quiet())))
    scene.send(JANE)
    (told,) = scene.send(JANE, event="e2")
    assert told[0]["outcome"] == "movedOn"
    with db.read() as connection:
        assert store.find_due(connection, NOW_US + 200 * DAY_US, 10) == []


def test_a_message_that_waited_for_seven_days_is_discarded_with_its_individual(db: Database) -> None:
    scene = Scene(db, [mailing("a")], table(messages(quiet())))
    (told,) = scene.send(JANE)
    scene.now_us += 7 * DAY_US - 1
    assert scene.wake() == 0
    scene.now_us += 1
    assert scene.wake() == 1
    assert scene.sent == 0
    with db.read() as connection:
        instance = store.find_instances(connection, [told[0]["instanceId"]])[told[0]["instanceId"]]
    assert instance.status == "discarded"
    dispatched = scene.lines[-1]["_experience"]["journeyOrchestration"]["serviceEvents"]["dispatcher"]
    assert (dispatched["eventCode"], dispatched["eventCodeReason"]) == ("discard", "forcedDiscardDueToQuietHours")


def test_quiet_hours_that_discard_take_the_individual_out(db: Database) -> None:
    scene = Scene(db, [mailing("a")], table(messages(quiet("discard"))))
    scene.send(JANE)
    last = scene.lines[-1]["_experience"]["journeyOrchestration"]
    assert scene.sent == 0
    assert last["stepEvents"]["instanceEnded"] is True
    assert last["stepEvents"]["actionExecutionError"] == "businessRuleProfileDiscarded"
    assert last["serviceEvents"]["dispatcher"]["eventCodeReason"] == "quietHours"


def test_quiet_hours_may_be_those_of_the_individuals_own_clock(db: Database) -> None:
    rule = {**quiet(**{"from": "09:00", "to": "10:00"}), "useProfileTimeZone": True}
    scene = Scene(db, [mailing("a")], table(messages(rule)))
    scene.now_us = NOW_US - NOW_US % DAY_US + 9 * HOUR_US + 30 * MINUTE_US
    scene.nobody.zones = {"tokyo": "Asia/Tokyo", "here": "UTC"}
    scene.send("tokyo", "here", "nowhere")
    assert scene.sent == 2
    assert {call.instance_id for call in scene.calls}.isdisjoint(scene.held())


def test_no_window_holds_more_than_the_cap_whatever_the_batches(db: Database) -> None:
    draw = random.Random(7)
    scene = Scene(db, [mailing("a", ruleSet="s"), mailing("b", ruleSet="s")], table(entries(4), messages(often(3))))
    keys = [f"p{number}" for number in range(6)]
    entered: Counter[tuple[str, int]] = Counter()
    asked: Counter[tuple[str, int]] = Counter()
    for _ in range(40):
        scene.now_us += draw.randrange(1, 5) * HOUR_US
        wanted = draw.sample(keys, draw.randrange(1, 6))
        day = scene.now_us // DAY_US
        for key, told in zip(wanted, scene.outcomes(*wanted), strict=True):
            asked[key, day] += 2
            entered[key, day] += sum(outcome == "entered" for outcome in told.values())
        scene.answer()
    assert entered == {place: min(4, number) for place, number in asked.items()}
    assert scene.sent == sum(min(3, number) for number in entered.values())
