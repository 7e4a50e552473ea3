"""Runs of Read audience and entrances by supplemental id, on both databases (journeys §8.5, §9.2, §12.3)."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from parcours.db import Database
from parcours.journeys import audience_runs, runs_store, store
from parcours.journeys.audience_runs import FORCED, MAX_RUN_US, AudienceRuns, ReadingPace, begin_runs
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.discards import MAX_LINES
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import StepEvent
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.runs_store import AudienceRun
from parcours.journeys.schedule import first_runs, new_run
from parcours.journeys.state import instance_from_row
from parcours.journeys.steps import from_stored
from parcours.journeys.workset import Arrival

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journeys"))
from journey_world import DAY_US, MINUTE_US, NOW_US, SECOND_US, compiled, document

WAIT = {"type": "wait", "duration": {"value": 5, "unit": "days"}}
DAILY = {"type": "daily", "time": "00:00", "startDate": "2026-01-01T00:00"}


class Row(NamedTuple):
    """One member."""

    key: str
    identity: tuple[str, str]
    realized_at_us: int
    attributes: str | None = None


class Members:
    """An audience as runs see it."""

    def __init__(self, number: int) -> None:
        self.rows = [Row(f"{n:06}", ("Email", f"p{n:06}@example.com"), 0) for n in range(number)]
        self.evaluated_us: int | None = None

    def members_after(
        self, _connection: Any, _scope_id: int, _audience_id: str, after_key: str, limit: int,
        since_us: int | None, until_us: int | None,
    ) -> Sequence[Row]:  # fmt: skip
        found = [row for row in self.rows if row.key > after_key]
        if since_us is not None and until_us is not None:
            found = [row for row in found if since_us <= row.realized_at_us < until_us]
        return found[:limit]

    def evaluated_at_us(self, *_: Any) -> int | None:
        return self.evaluated_us

    def audiences_of(self, *_: Any) -> frozenset[str]:
        return frozenset()


class World:
    """Everyone is known by their e-mail address alone."""

    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}

    def key_in(self, _scope_id: int, identity: tuple[str, str], namespace: str) -> str | None:
        return identity[1] if identity[0] == namespace else None


class Scene:
    """A database, an audience and journeys over it, at a time of the test's own."""

    def __init__(self, db: Database, journeys: Iterable[CompiledJourney], members: int = 10) -> None:
        self.db = db
        self.members = Members(members)
        self.now_us = NOW_US
        self.lines: list[dict[str, Any]] = []
        """What the lake is told."""
        self.discards: Counter[str] = Counter()
        self.pace = ReadingPace()
        self.set(*journeys)

    def set(self, *journeys: CompiledJourney) -> None:
        self.journeys = journeys
        entries: dict[tuple[int, str], list[CompiledJourney]] = {}
        listeners: dict[tuple[int, str], list[CompiledJourney]] = {}
        for journey in journeys:
            entries.setdefault((1, journey.entry_event_uid), []).append(journey)
            for uid in journey.listened:
                listeners.setdefault((1, uid), []).append(journey)
        self.live = LiveJourneys(
            {place: tuple(found) for place, found in entries.items()},
            {place: tuple(found) for place, found in listeners.items()},
            {journey.version_uid: journey for journey in journeys},
            names={journey.version_uid: journey.name for journey in journeys},
            scopes=frozenset({1}),
        )

    def plan(self) -> None:
        """As the publication does."""
        with self.db.write() as connection:
            for journey in self.journeys:
                for run in first_runs(journey, self.now_us):
                    runs_store.insert_run(connection, run)

    def take(self, seconds: float = 0, limit: int = 100_000) -> int:
        """One transaction of the worker, after so many seconds; how many members were read."""
        self.now_us += round(seconds * SECOND_US)
        with self.db.write() as connection:
            workspace = JourneyWorkspace(connection, self.live, None, World(), self.now_us)  # type: ignore[arg-type]
            read = AudienceRuns(connection, self.live, workspace, self.members, self.now_us, self.pace).take(limit)
            self.discards.update(_reasons(workspace))
            self.lines += [orjson.loads(line) for line in workspace.step_lines.get(1, [])]
            workspace.flush()
            return read

    def jobs(self) -> list[dict[str, Any]]:
        """What the lake is told of the runs themselves."""
        found = [line["_experience"]["journeyOrchestration"].get("serviceEvents", {}) for line in self.lines]
        jobs: list[dict[str, Any]] = [one["segmentExportJob"] for one in found if "segmentExportJob" in one]
        return [job for job in jobs if job["eventType"] == "segmenttrigger-orchestrator"]

    def left_out(self) -> list[dict[str, Any]]:
        """The records of members that did not enter."""
        return [line for line in self.lines if line["_id"].startswith("discard-")]

    def runs(self, version_uid: str = "version") -> list[AudienceRun]:
        with self.db.read() as connection:
            return runs_store.list_runs(connection, version_uid)

    def told(self, version_uid: str = "version") -> list[tuple[int, str, int, str | None]]:
        """(number, status, entered, reason) of each run, the first first."""
        return [(r.number, r.status, r.entered_count, r.reason) for r in reversed(self.runs(version_uid))]

    def inside(self) -> list[store.StoredInstance]:
        keys = [(1, "journey", row.identity[1]) for row in self.members.rows]
        with self.db.read() as connection:
            found = store.find_by_key(connection, [*keys, (1, "journey", "jane")])
        return [row for rows in found.values() for row in rows]

    def receive(self, event_uid: str, key: str, *ids: str, at: float = 0, payload: Any = None) -> list[dict[str, Any]]:
        """One event, with the supplemental ids it has."""
        self.now_us += round(at * SECOND_US)
        with self.db.write() as connection:
            workspace = JourneyWorkspace(connection, self.live, None, World(), self.now_us)  # type: ignore[arg-type]
            seed = f"{event_uid}{key}{ids}{self.now_us}"
            told = workspace.receive(
                Arrival(1, event_uid, key, payload or {}, seed, self.now_us // 1000, {}, ids or None)
            )
            self.lines += [orjson.loads(line) for line in workspace.step_lines.get(1, [])]
            workspace.flush()
        return told

    def wake(self, seconds: float) -> dict[str, list[StepEvent]]:
        """Time passes, and whoever waits goes on; the steps so far by key."""
        self.now_us += round(seconds * SECOND_US)
        with self.db.write() as connection:
            workspace = JourneyWorkspace(connection, self.live, None, World(), self.now_us)  # type: ignore[arg-type]
            due = store.find_due(connection, self.now_us, 1_000)
            workspace.load([timer.instance_id for timer in due])
            for timer in due:
                workspace.wake(timer)
            workspace.flush()
        with self.db.read() as connection:
            return {
                one.key: [step for _, line in store.list_steps(connection, [one.id]) for step in from_stored(line)]
                for one in self.inside()
            }


def _reasons(workspace: JourneyWorkspace) -> dict[str, int]:
    return {row[-1]: number for row, number in workspace.tally.rows().items() if row[3] == "discard"}


def reading(*edges: tuple[str, ...], nodes: dict[str, Any] | None = None, **config: Any) -> CompiledJourney:
    """A journey that reads an audience, and holds everyone for five days unless told otherwise."""
    of_nodes = {"start": {"type": "readAudience", "audienceId": "vip", **config}}
    return compiled(document(of_nodes | (nodes or {"w": WAIT}), *(edges or [("start", "w")])))


# --- one run ------------------------------------------------------------------------------------------------------


def test_members_enter_at_the_reading_rate_and_no_faster(db: Database) -> None:
    scene = Scene(db, [reading(throttlingRate=500)], members=1_200)
    scene.plan()
    assert scene.take() == 500
    assert scene.take(0.1) == 50
    assert scene.take(0.9) == 450
    assert scene.take(0.0) == 0
    assert scene.take(5) == 200
    assert scene.told() == [(1, "finished", 1_200, None)]


def test_who_has_no_identity_of_the_namespace_does_not_enter(db: Database) -> None:
    scene = Scene(db, [reading()])
    scene.members.rows[3] = scene.members.rows[3]._replace(identity=("Phone", "+331"))
    scene.plan()
    assert scene.take() == 10
    assert scene.told() == [(1, "finished", 9, None)]
    assert scene.discards == {"ERROR_INSTANCE_BAD_NAMESPACE": 1}
    (run,) = scene.runs()
    (record,) = scene.left_out()
    fields = record["_experience"]["journeyOrchestration"]
    assert fields["serviceType"] == "segmentExportJob"
    assert fields["serviceEvents"]["segmentExportJob"] == {
        "ID": run.id, "exportSegmentID": "vip", "eventType": "error", "eventCode": "ERROR_INSTANCE_BAD_NAMESPACE",
    }  # fmt: skip
    assert fields["profile"] == {"ID": "+331", "namespace": "Phone"}
    assert (fields["journey"]["versionID"], fields["stepEvents"]["nodeID"]) == ("version", "start")
    assert scene.jobs()[-1]["exportCountFailed"] == run.failed_count == 1


def test_an_individual_whom_several_members_are_enters_once_and_the_others_are_duplicates(db: Database) -> None:
    scene = Scene(db, [reading(("start", "e"), nodes={"e": {"type": "end"}}, schedule=DAILY)])
    for place in (3, 4, 8):  # two are read with the first, one in a later transaction, when the individual has left
        scene.members.rows[place] = scene.members.rows[place]._replace(identity=scene.members.rows[2].identity)
    scene.plan()
    assert [scene.take(1, limit=5) for _ in range(3)] == [5, 5, 0]
    assert scene.told()[0] == (1, "finished", 7, None)
    assert scene.discards == {"ERROR_INSTANCE_DUPLICATION": 3}
    assert len({one["_id"] for one in scene.left_out()}) == 3
    told = [one["_experience"]["journeyOrchestration"] for one in scene.left_out()]
    assert [one["serviceEvents"]["segmentExportJob"]["eventCode"] for one in told] == ["ERROR_INSTANCE_DUPLICATION"] * 3
    assert {one["profile"]["ID"] for one in told} == {"p000002@example.com"}
    assert scene.jobs()[-1]["exportCountFailed"] == 3
    scene.take(86_400)
    assert scene.told()[1] == (2, "finished", 7, None)


def test_members_that_are_no_test_profiles_are_told_as_left_out_by_a_run_in_test_mode(db: Database) -> None:
    scene = Scene(db, [replace(reading(), mode="test")], members=30)
    scene.plan()
    scene.take()
    assert scene.told() == [(1, "finished", 0, None)]
    assert scene.discards == {"ERROR_INSTANCE_NOT_A_TEST_PROFILE": 30}
    told = [one["_experience"]["journeyOrchestration"] for one in scene.left_out()]
    assert len(told) == MAX_LINES
    assert {one["serviceEvents"]["segmentExportJob"]["eventCode"] for one in told} == {
        "ERROR_INSTANCE_NOT_A_TEST_PROFILE"
    }
    assert len({one["profile"]["ID"] for one in told}) == len(told)
    assert scene.jobs()[-1]["exportCountFailed"] == 30


def test_a_run_goes_on_where_a_transaction_left_it(db: Database) -> None:
    scene = Scene(db, [reading()])
    scene.plan()
    assert [scene.take(limit=4) for _ in range(4)] == [4, 4, 2, 0]
    assert scene.told() == [(1, "finished", 10, None)]
    assert len(scene.inside()) == 10


def test_the_lake_is_told_when_a_run_was_due_when_it_began_and_when_it_ended(db: Database) -> None:
    scene = Scene(db, [reading()])
    scene.plan()
    scene.take(30, limit=4)
    scene.take(30)
    jobs = [
        (line["timestamp"][14:19], line["_experience"]["journeyOrchestration"]["serviceEvents"]["segmentExportJob"])
        for line in scene.lines
        if "serviceEvents" in line["_experience"]["journeyOrchestration"]
    ]
    assert [(at, job["status"], job["exportCountTotal"]) for at, job in jobs] == [
        ("00:00", "queued", 0), ("00:30", "started", 0), ("01:00", "finished", 10),
    ]  # fmt: skip
    assert jobs[-1][1]["eventCode"] == "INFO_EXPORTJOB_SUCCEEDED"
    assert [job["exportCountFailed"] for _, job in jobs] == [0, 0, 0]
    (last,) = [one for one in scene.lines if one["_id"] == f"{jobs[-1][1]['ID']}-finished"]
    fields = last["_experience"]["journeyOrchestration"]
    assert fields["serviceType"] == "segmentExportJob"
    assert fields["journey"] == {"ID": "journey", "versionID": "version", "name": "Test", "version": "1.0"}


def test_waves_read_everyone_once_at_their_times(db: Database) -> None:
    scene = Scene(db, [reading(waves={"count": 3, "minutesApart": 30})], members=60)
    scene.plan()
    scene.take()
    first = len(scene.inside())
    assert 0 < first < 60
    scene.take(29 * 60)
    assert len(scene.inside()) == first
    scene.take(60)
    scene.take(30 * 60)
    assert len({row.key for row in scene.inside()}) == len(scene.inside()) == 60


def test_waves_by_numbers_go_on_where_the_one_before_ended_and_who_is_left_over_stays_out(db: Database) -> None:
    scene = Scene(db, [reading(waves={"count": 3, "minutesApart": 30, "profiles": [5, 20, 30]})], members=60)
    scene.plan()
    seen = []
    for minutes in (0, 30, 30, 30):
        scene.take(minutes * 60)
        seen.append(len(scene.inside()))
    assert seen == [5, 25, 55, 55]
    assert [(run.wave, run.status, run.read_count) for run in reversed(scene.runs())] == [
        (0, "finished", 5), (1, "finished", 20), (2, "finished", 30),
    ]  # fmt: skip
    many = Scene(db, [replace(reading(waves={"count": 2, "minutesApart": 30, "profiles": [80, 80]}), version_uid="v2",
                              journey_uid="j2")], members=60)  # fmt: skip
    many.plan()
    many.take()
    many.take(30 * 60)
    assert [(run.wave, run.status, run.read_count) for run in reversed(many.runs("v2"))] == [
        (0, "finished", 60), (1, "finished", 0),
    ]  # fmt: skip


def test_after_a_wave_that_was_skipped_the_next_one_goes_on_where_the_last_that_read_ended(db: Database) -> None:
    waves = {"count": 4, "minutesApart": 30, "profiles": [5, 5, 4, 5]}
    journey = reading(("start", "e"), nodes={"e": {"type": "end"}}, waves=waves)
    scene = Scene(db, [journey], members=15)
    scene.plan()
    scene.take()
    scene.set(replace(journey, pause="hold"))
    scene.take(30 * 60)
    scene.set(journey)
    scene.take(30 * 60)
    scene.take(30 * 60)
    assert [(run.wave, run.status, run.read_count, run.entered_count) for run in reversed(scene.runs())] == [
        (0, "finished", 5, 5), (1, "skipped", 0, 0), (2, "finished", 4, 4), (3, "finished", 5, 5),
    ]  # fmt: skip
    assert scene.discards == {}
    assert len({row.key for row in scene.inside()}) == 14


def test_a_wave_waits_for_every_one_before_it_though_the_last_was_skipped(db: Database) -> None:
    waves = {"count": 3, "minutesApart": 30, "profiles": [5, 5, 5]}
    journey = reading(waves=waves)
    scene = Scene(db, [journey], members=15)
    scene.plan()
    scene.take(limit=3)
    _, second, _ = reversed(scene.runs())
    with db.write() as connection:
        runs_store.update_run(connection, second._replace(status="skipped", finished_at_us=scene.now_us))
    scene.take(60 * 60, limit=1)
    assert [run.status for run in reversed(scene.runs())] == ["started", "skipped", "queued"]
    scene.take(1)
    scene.take(1)
    assert [(run.status, run.read_count) for run in reversed(scene.runs())] == [
        ("finished", 5), ("skipped", 0), ("finished", 5),
    ]  # fmt: skip
    assert len(scene.inside()) == 10


def test_a_wave_whose_last_member_is_passed_over_has_ended(db: Database) -> None:
    scene = Scene(db, [reading(waves={"count": 2, "minutesApart": 30, "profiles": [5, 5]})], members=10)
    scene.plan()
    scene.take(limit=4)
    first = scene.runs()[-1]
    with db.write() as connection:
        workspace = JourneyWorkspace(connection, scene.live, None, World(), scene.now_us)  # type: ignore[arg-type]
        runs = AudienceRuns(connection, scene.live, workspace, scene.members, scene.now_us, scene.pace)
        assert runs.pass_over(first.id, is_given_up=False) == 1
        workspace.flush()
    scene.take(1)
    scene.take(30 * 60)
    assert [
        (run.wave, run.status, run.read_count, run.entered_count, run.failed_count) for run in reversed(scene.runs())
    ] == [(0, "finished", 5, 4, 1), (1, "finished", 5, 5, 0)]
    assert [job["status"] for job in scene.jobs() if job["ID"] == first.id] == ["queued", "started", "finished"]


@pytest.mark.parametrize("leaves", [True, False])
def test_an_individual_whom_members_of_several_waves_are_enters_with_the_first_alone(
    db: Database, leaves: bool
) -> None:
    nodes = {"e": {"type": "end"} if leaves else WAIT}
    waves = {"count": 3, "minutesApart": 30, "profiles": [5, 3, 2]}
    scene = Scene(db, [reading(("start", "e"), nodes=nodes, waves=waves)])
    for place in (5, 9):
        scene.members.rows[place] = scene.members.rows[place]._replace(identity=scene.members.rows[4].identity)
    scene.plan()
    for minutes in (0, 30, 30):
        scene.take(minutes * 60)
    assert [(run.read_count, run.entered_count, run.failed_count) for run in reversed(scene.runs())] == [
        (5, 5, 0), (3, 2, 1), (2, 1, 1),
    ]  # fmt: skip
    assert scene.discards == {"ERROR_INSTANCE_DUPLICATION": 2}


@pytest.mark.parametrize("is_in_waves", [False, True])
def test_who_met_a_run_before_is_asked_once_for_a_page(
    db: Database, monkeypatch: pytest.MonkeyPatch, is_in_waves: bool
) -> None:
    waves = {"count": 2, "minutesApart": 30, "profiles": [6, 4]}
    nodes = {
        "start": {"type": "businessEvent", "eventUid": "b1"},
        "r": {"type": "readAudience", "audienceId": "vip", **({"waves": waves} if is_in_waves else {})},
        "w": WAIT,
    }
    made = document(nodes, ("start", "r"), ("r", "w"))
    made["entry"]["multipleExecutions"] = True
    scene = Scene(db, [compiled(made)])
    for place in (7, 8):
        scene.members.rows[place] = scene.members.rows[place]._replace(identity=scene.members.rows[1].identity)
    for _ in range(2):  # everyone is let enter by the other run, too, before and after
        with db.write() as connection:
            begin_runs(connection, scene.live, 1, "b1", {}, scene.now_us)
    asked: list[int] = []

    def find(connection: Any, ids: Sequence[str]) -> dict[str, store.StoredInstance]:
        asked.extend([len(ids)] if ids else [])
        return find_instances(connection, ids)

    find_instances = store.find_instances
    monkeypatch.setattr(store, "find_instances", find)
    scene.take()
    scene.take(30 * 60)
    assert [(run.status, run.entered_count, run.failed_count) for run in scene.runs() if run.wave == 0] == [
        ("finished", 6, 0) if is_in_waves else ("finished", 8, 2)
    ] * 2
    assert sum(run.entered_count for run in scene.runs()) == 16
    assert scene.discards == {"ERROR_INSTANCE_DUPLICATION": 4}
    assert len(asked) == (3 if is_in_waves else 1), "a statement for each page but the first, which nobody was before"


@pytest.mark.parametrize("limit", [10, 1])
def test_each_instance_of_a_supplemental_id_carries_what_its_own_row_says(db: Database, limit: int) -> None:
    tier = "#{ExperiencePlatform.AudienceEnrichment.tier}"
    checks = {"type": "condition", "paths": [{"id": "x", "expression": f"{tier} == 'gold'"}], "otherPath": True}
    nodes = {"w": WAIT, "c": checks}
    scene = Scene(db, [reading(("start", "w"), ("w", "c"), nodes=nodes, supplementalIdentifier={"attribute": "b"})], 4)
    rows = (("B1", "gold"), ("B2", "silver"), (["B2", "B3"], "bronze"), ("B1", "lead"))
    for place, (bookings, tier_of) in enumerate(rows):
        attributes = orjson.dumps({"b": bookings, "tier": tier_of}).decode()
        identity = scene.members.rows[0].identity
        scene.members.rows[place] = scene.members.rows[place]._replace(identity=identity, attributes=attributes)
    scene.plan()
    while scene.take(1, limit=limit):
        pass
    carried = {one.supplemental_id: instance_from_row(one).run for one in scene.inside()}
    assert {one: run and run["attributes"]["tier"] for one, run in carried.items()} == {
        "B1": "gold", "B2": "silver", "B3": "bronze",
    }  # fmt: skip


def test_a_run_let_nobody_enter_when_none_of_its_waves_did(db: Database) -> None:
    waves = {"count": 3, "minutesApart": 30, "profiles": [80, 80, 80]}
    full, empty = reading(waves=waves), replace(reading(waves=waves), version_uid="v2", journey_uid="j2")
    lonely = replace(full, version_uid="v3", journey_uid="j3")
    scene = Scene(db, [full, empty, lonely], members=60)
    scene.plan()

    def unread(since_us: int) -> list[str]:
        with db.read() as connection:
            found = runs_store.find_runs_without_entrance(connection, since_us, scene.now_us)
        return sorted(version_uid for _, version_uid in found)

    scene.take()
    with db.write() as connection:
        for run in scene.runs("v2"):
            runs_store.update_run(connection, run._replace(entered_count=0))
        lone = new_run(lonely, 2, scene.now_us)._replace(member="[]", status="finished", started_at_us=scene.now_us)
        runs_store.insert_run(connection, lone)
    assert unread(0) == ["v2"], "the test of one profile is no run of the audience"
    for minutes in (30, 30):
        before_us = scene.now_us
        scene.take(minutes * 60)
        assert [run.entered_count for run in reversed(scene.runs())] == [60, 0, 0]
        assert (unread(0), unread(before_us)) == (["v2"], ["v2"])


@pytest.mark.parametrize("sizes", [{}, {"profiles": [4, 4, 1, 1, 1]}])
def test_a_member_without_an_id_is_left_out_by_one_wave_alone(db: Database, sizes: dict[str, Any]) -> None:
    scene = Scene(db, [reading(waves={"count": 5, "minutesApart": 30, **sizes})])
    for place in (3, 6):
        scene.members.rows[place] = scene.members.rows[place]._replace(identity=("Phone", f"+33{place}"))
    scene.plan()
    for minutes in (0, 30, 30, 30, 30):
        scene.take(minutes * 60)
    runs = scene.runs()
    assert (sum(run.entered_count for run in runs), sum(run.failed_count for run in runs)) == (8, 2)
    assert scene.discards == {"ERROR_INSTANCE_BAD_NAMESPACE": 2}
    assert len(scene.left_out()) == 2


def test_a_recurring_run_after_a_test_of_one_profile_has_a_number_of_its_own(db: Database) -> None:
    journey = replace(reading(schedule=DAILY, waitForAudienceHours=1), mode="test")
    scene = Scene(db, [journey], members=3)
    scene.plan()

    def trigger() -> int:
        with db.write() as connection:
            number = runs_store.next_number(connection, "version")
            run = new_run(journey, number, scene.now_us)
            member = orjson.dumps(["Email", "x@example.com", None]).decode()
            runs_store.insert_run(connection, run._replace(member=member))
        return number

    assert trigger() == 2
    scene.take()
    scene.members.evaluated_us = scene.now_us + MINUTE_US
    assert trigger() == 4
    scene.take(60 * 60)
    assert [(run.number, run.member is None, run.status) for run in reversed(scene.runs())] == [
        (1, True, "finished"), (2, False, "finished"), (3, True, "queued"), (4, False, "finished"),
    ]  # fmt: skip
    assert trigger() == 5
    scene.take(23 * 60 * 60)
    assert [(run.number, run.status) for run in scene.runs()] == [
        (6, "queued"), (5, "finished"), (4, "finished"), (3, "finished"), (2, "finished"), (1, "finished"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("#{ExperiencePlatform.AudienceEnrichment.tier} == 'gold'", ["tier"]),
        ("#{ExperiencePlatform.AudienceEnrichment} is not null", ["tier", "points", "note"]),
    ],
)
def test_instances_carry_those_attributes_alone_that_the_journey_reads(
    db: Database, expression: str, names: list[str]
) -> None:
    checks = {"type": "condition", "paths": [{"id": "x", "expression": expression}], "otherPath": True}
    scene = Scene(db, [reading(("start", "w"), ("w", "c"), nodes={"w": WAIT, "c": checks})], members=1)
    text = orjson.dumps({"tier": "gold", "points": 3, "note": "x" * 500}).decode()
    scene.members.rows[0] = scene.members.rows[0]._replace(attributes=text)
    scene.plan()
    scene.take()
    (run,) = (instance_from_row(one).run for one in scene.inside())
    assert sorted((run or {})["attributes"]) == sorted(names)
    (steps,) = scene.wake(6 * DAY_US / SECOND_US).values()
    assert [one.detail["chosen"] for one in steps if one.node_id == "c"] == ["path:x"]


def test_a_wave_begins_when_the_one_before_has_ended(db: Database) -> None:
    scene = Scene(db, [reading(waves={"count": 2, "minutesApart": 30})], members=60)
    scene.plan()
    scene.take(limit=1)
    scene.take(40 * 60, limit=1)
    assert [run.status for run in reversed(scene.runs())] == ["started", "queued"]
    scene.take(1)
    scene.take(1)
    assert [run.status for run in reversed(scene.runs())] == ["finished", "finished"]
    assert len(scene.inside()) == 60


def test_after_a_business_event_every_wave_is_read(db: Database) -> None:
    nodes = {
        "start": {"type": "businessEvent", "eventUid": "b1"},
        "r": {"type": "readAudience", "audienceId": "vip", "waves": {"count": 3, "minutesApart": 30}},
        "w": WAIT,
    }
    scene = Scene(db, [compiled(document(nodes, ("start", "r"), ("r", "w")))], members=60)
    with db.write() as connection:
        begin_runs(connection, scene.live, 1, "b1", {"total": 1}, scene.now_us)
    for _ in range(3):
        scene.take(30 * 60)
    assert len(scene.inside()) == 60
    assert {run.payload for run in scene.runs()} == {'{"total":1}'}


def test_five_runs_are_under_way_at_a_time(db: Database) -> None:
    slow = [
        replace(reading(throttlingRate=500), version_uid=f"v{number}", journey_uid=f"j{number}") for number in range(7)
    ]
    scene = Scene(db, slow, members=700)
    scene.plan()
    scene.take()
    statuses = [scene.runs(journey.version_uid)[0].status for journey in slow]
    assert sorted(statuses) == ["queued"] * 2 + ["started"] * 5
    for _ in range(3):
        scene.take(10)
    assert {scene.runs(journey.version_uid)[0].status for journey in slow} == {"finished"}


def test_a_run_of_more_than_twelve_hours_has_failed(db: Database) -> None:
    scene = Scene(db, [reading()], members=10)
    scene.plan()
    scene.take(limit=3)
    scene.take(MAX_RUN_US / SECOND_US + 1)
    assert scene.told() == [(1, "failed", 3, "tooLong")]
    assert MAX_RUN_US == DAY_US // 2
    job = scene.lines[-1]["_experience"]["journeyOrchestration"]["serviceEvents"]["segmentExportJob"]
    assert (job["status"], job["eventCode"]) == ("failed", "ERROR_EXPORTJOB_APICALL_TIMEOUT")


def test_an_incremental_run_after_one_that_failed_reads_again_what_that_was_to_read(db: Database) -> None:
    scene = Scene(db, [reading(schedule=DAILY, incremental=True)])
    scene.plan()
    scene.take()
    scene.members.rows[4] = scene.members.rows[4]._replace(realized_at_us=scene.now_us + SECOND_US)
    scene.take(DAY_US / SECOND_US, limit=0)
    assert scene.told()[-1][:2] == (2, "started")
    scene.take(MAX_RUN_US / SECOND_US + 1)
    assert scene.told()[-2] == (2, "failed", 0, "tooLong")
    scene.take(DAY_US / SECOND_US)
    second, third = (next(run for run in scene.runs() if run.number == number) for number in (2, 3))
    assert (third.since_us, third.read_count) == (second.since_us, 1)


def test_a_member_has_an_instance_for_each_supplemental_id_of_their_attributes(db: Database) -> None:
    journey = reading(supplementalIdentifier={"attribute": "bookings.number"}, schedule=DAILY)
    scene = Scene(db, [journey], members=4)
    for place, bookings in enumerate(([{"number": "B1"}, {"number": "B2"}], [{"number": "B1"}], [], None)):
        attributes = None if bookings is None else orjson.dumps({"bookings": bookings}).decode()
        scene.members.rows[place] = scene.members.rows[place]._replace(attributes=attributes)
    scene.plan()
    scene.take()
    assert scene.told()[0] == (1, "finished", 3, None)
    assert scene.discards == {"EXTERNAL_KEY_COMPUTATION_ERROR": 2}
    assert sorted((one.key[:7], one.supplemental_id) for one in scene.inside()) == [
        ("p000000", "B1"), ("p000000", "B2"), ("p000001", "B1"),
    ]  # fmt: skip
    many = orjson.dumps({"bookings": [{"number": f"B{n}"} for n in range(20)]}).decode()
    scene.members.rows[0] = scene.members.rows[0]._replace(attributes=many)
    scene.take(86_400)
    inside = [one.supplemental_id for one in scene.inside() if one.key.startswith("p000000")]
    assert sorted(inside) == sorted(f"B{n}" for n in range(10))  # those inside stay, ten in all


def test_instances_carry_what_the_list_says_of_a_member_where_the_journey_reads_it(db: Database) -> None:
    tier = "#{ExperiencePlatform.AudienceEnrichment.tier}"
    checks = {"type": "condition", "paths": [{"id": "x", "expression": f"{tier} == 'gold'"}], "otherPath": True}
    edges = [("start", "w"), ("w", "c")]
    scene = Scene(db, [reading(*edges, nodes={"w": WAIT, "c": checks})], members=3)
    for place, tier_of in enumerate(("gold", "silver")):
        text = orjson.dumps({"tier": tier_of}).decode()
        scene.members.rows[place] = scene.members.rows[place]._replace(attributes=text)
    scene.plan()
    scene.take()
    carried = {one.key: instance_from_row(one).run for one in scene.inside()}
    assert [run and run["attributes"] for run in carried.values()] == [{"tier": "gold"}, {"tier": "silver"}, {}]
    scene.members.rows[0] = scene.members.rows[0]._replace(attributes='{"tier":"none"}')
    steps = scene.wake(6 * DAY_US / SECOND_US).values()
    assert [one.detail["chosen"] for of_one in steps for one in of_one if one.node_id == "c"] == [
        "path:x", "other", "other",
    ]  # fmt: skip


def test_a_journey_that_reads_no_attributes_carries_none(db: Database) -> None:
    scene = Scene(db, [reading()], members=1)
    scene.members.rows[0] = scene.members.rows[0]._replace(attributes='{"tier":"gold"}')
    scene.plan()
    scene.take()
    assert [sorted(instance_from_row(one).run or ()) for one in scene.inside()] == [["id", "index"]]


def test_runs_of_a_sandbox_share_its_reading_rate(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert audience_runs.SANDBOX_RATE == 20_000
    monkeypatch.setattr(audience_runs, "SANDBOX_RATE", 900)
    rates = {"fast": 1_000, "slow": 500}
    both = [
        replace(reading(throttlingRate=rate), version_uid=name, journey_uid=f"of-{name}")
        for name, rate in rates.items()
    ]
    scene = Scene(db, both, members=2_000)
    scene.plan()
    assert scene.take(limit=1) == 1  # both are under way from here on
    scene.take(1)
    read = [scene.runs(name)[0].read_count for name in rates]
    assert [scene.take(0.01), scene.take(0.01)] == [0, 0]  # the second's share is read
    scene.take(1)
    after = [scene.runs(name)[0].read_count for name in rates]
    assert [b - a for a, b in zip(read, after, strict=True)] == [600, 300]


def test_a_run_that_can_not_be_run_says_so_and_goes_on_when_it_can(db: Database) -> None:
    journey = reading()
    scene = Scene(db, [journey])
    scene.plan()
    scene.take(limit=3)
    runnable = scene.live
    scene.live = replace(runnable, versions={})
    scene.take(1)
    assert scene.told() == [(1, "started", 3, "journeyNotRunnable")]
    scene.live = runnable
    scene.take(1)
    assert scene.told() == [(1, "finished", 10, None)]


# --- recurrence ---------------------------------------------------------------------------------------------------


def test_at_each_occurrence_everyone_enters_who_is_not_inside(db: Database) -> None:
    scene = Scene(db, [reading(("start", "e"), nodes={"e": {"type": "end"}}, schedule=DAILY)])
    scene.plan()
    scene.take()
    scene.take(86_400)
    assert scene.told()[:2] == [(1, "finished", 10, None), (2, "finished", 10, None)]
    assert len(scene.inside()) == 20
    stays = Scene(db, [replace(reading(schedule=DAILY), version_uid="v2", journey_uid="journey2")])
    stays.plan()
    stays.take()
    stays.take(86_400)
    assert stays.told("v2")[:2] == [(1, "finished", 10, None), (2, "finished", 0, None)]


def test_an_incremental_read_takes_those_who_came_since_the_last_run(db: Database) -> None:
    scene = Scene(db, [reading(schedule=DAILY, incremental=True)])
    scene.plan()
    scene.take()
    new = Row("1", ("Email", "new@example.com"), scene.now_us + MINUTE_US)
    scene.members.rows.append(new)
    scene.take(86_400)
    assert scene.told()[:2] == [(1, "finished", 10, None), (2, "finished", 1, None)]


def test_after_a_pause_an_incremental_read_takes_everyone_since_the_last_run_that_took_place(db: Database) -> None:
    journey = reading(schedule=DAILY, incremental=True)
    scene = Scene(db, [journey])
    scene.plan()
    scene.take()
    scene.set(replace(journey, pause="hold"))
    scene.members.rows.append(Row("1", ("Email", "new@example.com"), scene.now_us + MINUTE_US))
    scene.take(86_400)
    scene.set(journey)
    scene.take(86_400)
    assert scene.told()[:3] == [
        (1, "finished", 10, None), (2, "skipped", 0, "PAUSED_JOURNEY_VERSION"), (3, "finished", 1, None),
    ]  # fmt: skip


def test_who_is_still_to_be_read_when_a_pause_begins_is_discarded(db: Database) -> None:
    journey = reading()
    scene = Scene(db, [journey])
    scene.plan()
    scene.take(limit=4)
    scene.set(replace(journey, pause="hold"))
    scene.take()
    assert scene.told() == [(1, "finished", 4, None)]


def test_runs_of_a_period_are_found_the_earliest_first(db: Database) -> None:
    journey = reading(schedule=DAILY)
    scene = Scene(db, [journey])
    with db.write() as connection:
        for number, at_us in ((3, NOW_US + 2 * DAY_US), (1, NOW_US), (2, NOW_US + DAY_US)):
            runs_store.insert_run(connection, new_run(journey, number, at_us))
    with scene.db.read() as connection:

        def numbers(uids: Sequence[str], from_us: int, to_us: int, limit: int = 10) -> list[int]:
            return [run.number for run in runs_store.runs_between(connection, uids, from_us, to_us, limit)]

        mine = [journey.version_uid, "another"]
        assert numbers(mine, NOW_US, NOW_US + 2 * DAY_US) == [1, 2]
        assert numbers(mine, NOW_US + 1, NOW_US + 2 * DAY_US + 1) == [2, 3]
        assert numbers(mine, NOW_US, NOW_US + 9 * DAY_US, limit=2) == [1, 2]
        assert numbers(["another"], 0, 1 << 60) == numbers([], 0, 1 << 60) == []


def test_forced_reentrance_lets_everyone_out_first_and_lives_until_the_next_occurrence(db: Database) -> None:
    listens = {"w": {"type": "event", "eventUid": "e2"}}
    journey = reading(("start", "w"), nodes=listens, schedule=DAILY, forceReentrance=True)
    scene = Scene(db, [journey])
    scene.plan()
    scene.take()
    entered_at = {row.entered_at_us for row in scene.inside()}
    with db.read() as connection:
        timers = store.find_due(connection, scene.now_us + DAY_US, 100)
    assert {timer.node_id for timer in timers} == {""}, "an instance lives until the next occurrence"
    scene.take(86_399)
    scene.take(1)
    assert scene.runs()[0].reason == FORCED
    with db.write() as connection:
        (stop,) = store.find_stops(connection)
        assert stop.reason == FORCED
        workspace = JourneyWorkspace(connection, scene.live, None, World(), scene.now_us)  # type: ignore[arg-type]
        workspace.stop(journey, store.list_inside(connection, stop, 100), FORCED)
        workspace.flush()
        store.finish_stop(connection, stop)
    scene.take(1)
    assert scene.told()[:2] == [(1, "finished", 10, None), (2, "finished", 10, None)]
    again = [row for row in scene.inside() if row.node_id is not None]
    assert len(again) == 10
    assert entered_at.isdisjoint(row.entered_at_us for row in again)


def test_a_daily_run_waits_for_a_newer_evaluation_or_is_passed_over(db: Database) -> None:
    scene = Scene(db, [reading(("start", "e"), nodes={"e": {"type": "end"}}, schedule=DAILY, waitForAudienceHours=2)])
    scene.plan()
    scene.members.evaluated_us = scene.now_us - 1
    scene.take()
    assert scene.told()[0] == (1, "finished", 10, None), "the first one waits for nothing"
    scene.take(86_400)
    assert scene.told()[1] == (2, "queued", 0, None)
    scene.members.evaluated_us = scene.now_us
    scene.take(3_600)
    assert scene.told()[1] == (2, "finished", 10, None)
    scene.take(23 * 3_600)
    scene.take(2 * 3_600)
    assert scene.told()[2] == (3, "skipped", 0, "audienceNotEvaluated")
    assert scene.told()[3][:2] == (4, "queued")


# --- business events ----------------------------------------------------------------------------------------------


def business(**entry: Any) -> CompiledJourney:
    nodes = {
        "start": {"type": "businessEvent", "eventUid": "b1"},
        "r": {"type": "readAudience", "audienceId": "vip"},
        "w": WAIT,
    }
    made = document(nodes, ("start", "r"), ("r", "w"))
    made["entry"] |= entry
    return compiled(made)


@pytest.mark.parametrize(("multiple", "entered"), [(False, 0), (True, 10)])
def test_each_business_event_begins_a_run_and_lets_in_again_only_where_that_is_allowed(
    db: Database, multiple: bool, entered: int
) -> None:
    scene = Scene(db, [business(multipleExecutions=multiple)])
    for _ in range(2):
        with db.write() as connection:
            (told,) = begin_runs(connection, scene.live, 1, "b1", {"city": "Paris"}, scene.now_us)
        assert told["outcome"] == "runBegun"
        scene.take(60)
    assert scene.told() == [(1, "finished", 10, None), (2, "finished", entered, None)]


def test_a_business_event_outside_the_dates_begins_nothing(db: Database) -> None:
    scene = Scene(db, [replace(business(), start_us=NOW_US + 1)])
    with db.write() as connection:
        (told,) = begin_runs(connection, scene.live, 1, "b1", {}, scene.now_us)
    assert (told["outcome"], told["reason"]) == ("refused", "outsideJourneyDates")
    assert scene.runs() == []


# --- supplemental ids ---------------------------------------------------------------------------------------------


def bookings(**members: Any) -> CompiledJourney:
    made = document({"start": {"type": "event", "eventUid": "s1"}, "w": WAIT}, ("start", "w"), **members)
    made["entry"] = {"node": "start", "reentrance": {"allowed": True, "waitSeconds": 0}}
    return compiled(made)


def outcomes(told: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(one["outcome"], one.get("reason")) for one in told]


def test_each_supplemental_id_has_an_instance_and_presence_is_by_both(db: Database) -> None:
    scene = Scene(db, [bookings()])
    assert outcomes(scene.receive("s1", "jane", "A", "B")) == [("entered", None)] * 2
    assert outcomes(scene.receive("s1", "jane", "B", "C", at=1)) == [
        ("refused", "notSuitableInitialEvent"), ("entered", None),
    ]  # fmt: skip
    assert sorted(row.supplemental_id or "" for row in scene.inside()) == ["A", "B", "C"]
    assert outcomes(scene.receive("s1", "jane", at=1)) == [("refused", "EXTERNAL_KEY_COMPUTATION_ERROR")]


def test_an_individual_has_ten_instances_at_most(db: Database) -> None:
    scene = Scene(db, [bookings()])
    scene.receive("s1", "jane", *[f"b{number}" for number in range(9)])
    assert outcomes(scene.receive("s1", "jane", "x", "y", at=1)) == [
        ("entered", None), ("refused", "JOURNEY_INSTANCE_ID_NOT_CREATED"),
    ]  # fmt: skip


def test_an_exit_criterion_ends_every_instance_of_the_individual(db: Database) -> None:
    criteria = [{"id": "paid", "eventUid": "e2"}]
    scene = Scene(db, [bookings(exitCriteria=criteria)])
    scene.receive("s1", "jane", "A", "B")
    assert outcomes(scene.receive("e2", "jane", at=1)) == [("movedOn", None)] * 2
    assert [row.node_id for row in scene.inside()] == [None, None]


# --- presence over versions ---------------------------------------------------------------------------------------


def test_a_key_is_at_one_place_of_all_versions_of_a_journey(db: Database) -> None:
    first = compiled(document({"w": WAIT}, ("start", "w")))
    scene = Scene(db, [first])
    assert outcomes(scene.receive("e1", "jane")) == [("entered", None)]
    second = replace(first, version_uid="version2", version="2.0")
    scene.set(second)
    scene.live = replace(scene.live, versions={"version": first, "version2": second})
    assert outcomes(scene.receive("e1", "jane", at=600)) == [("refused", "notSuitableInitialEvent")]


def test_an_event_that_lets_enter_and_is_waited_for_moves_on_and_starts_nothing(db: Database) -> None:
    scene = Scene(db, [compiled(document({"again": {"type": "event", "eventUid": "e1"}, "w": WAIT},
                                         ("start", "again"), ("again", "w")))])  # fmt: skip
    assert outcomes(scene.receive("e1", "jane")) == [("entered", None)]
    assert outcomes(scene.receive("e1", "jane", at=600)) == [("movedOn", None)]
    (one,) = scene.inside()
    assert one.node_id == "w"


def test_an_event_for_somebody_whom_a_pause_holds_is_told_as_a_discard(db: Database) -> None:
    nodes = {
        "w": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}},
        "m": {"type": "customAction", "actionUid": "a2"},
        "paid": {"type": "event", "eventUid": "e2"},
    }
    journey = compiled(document(nodes, ("start", "w"), ("w", "m"), ("m", "paid")))
    scene = Scene(db, [journey])
    assert outcomes(scene.receive("e1", "jane")) == [("entered", None)]
    scene.set(replace(journey, pause="hold"))
    scene.now_us += 2 * SECOND_US
    with db.write() as connection:
        workspace = JourneyWorkspace(connection, scene.live, None, World(), scene.now_us)  # type: ignore[arg-type]
        (timer,) = store.find_due(connection, scene.now_us, 10)
        workspace.load([timer.instance_id])
        assert workspace.wake(timer)
        workspace.flush()
    assert [one.node_id for one in scene.inside()] == ["m"]
    scene.lines.clear()
    scene.receive("e2", "jane", at=1)
    (record,) = scene.left_out()
    fields = record["_experience"]["journeyOrchestration"]
    told = {"eventType": "JOURNEY_IN_PAUSED_STATE", "eventCode": "discard", "eventID": "e2"}
    assert fields["serviceEvents"] == {"stateMachine": told}
    assert (fields["profile"]["ID"], fields["journey"]["versionID"]) == ("jane", "version")


# --- jumps --------------------------------------------------------------------------------------------------------


def jumped(scene: Scene, origin: CompiledJourney, *targets: CompiledJourney, at: float = 0) -> str:
    """By which way an individual left a jump to `other`, and where else they are."""
    scene.set(origin, *targets)
    scene.live = replace(scene.live, open={(1, journey.journey_uid): journey for journey in targets})
    assert outcomes(scene.receive("e1", "jane", at=at)) == [("entered", None)]
    with scene.db.read() as connection:
        (latest,) = [row for row in scene.inside() if row.entered_at_us == scene.now_us]
        steps = [step for _, line in store.list_steps(connection, [latest.id]) for step in from_stored(line)]
    return str(steps[-2].detail.get("reason") or steps[-2].detail["jump"])


def test_a_jump_enters_an_open_target_and_is_an_error_when_that_refuses(db: Database) -> None:
    jump = {"type": "jump", "targetJourneyUid": "other"}
    nodes = {"j": jump, "gone": {"type": "end"}, "lost": {"type": "end"}}
    made = document(nodes, ("start", "j"), ("j", "gone"), ("j", "lost", "error"))
    made["entry"]["reentrance"] = {"allowed": True, "waitSeconds": 0}
    origin = compiled(made)
    listening = document({"start": {"type": "event", "eventUid": "e2"}, "w": WAIT}, ("start", "w"))
    target = replace(compiled(listening), journey_uid="other", version_uid="t")
    scene = Scene(db, [origin])
    assert jumped(scene, origin) == "targetNotLive"
    assert jumped(scene, origin, replace(target, entry_event_uid="e1b"), at=1) == "targetEventChanged"
    assert jumped(scene, origin, replace(target, pause="hold"), at=1) == "PAUSED_JOURNEY_VERSION"
    assert jumped(scene, origin, target, at=1) == "entered"
    assert jumped(scene, origin, target, at=1) == "present"
    with db.write() as connection:
        ended = store.find_by_key(connection, [(1, "other", "jane")])[1, "other", "jane"]
        store.end_instances(connection, [row.id for row in ended], scene.now_us)
    assert jumped(scene, origin, target, at=1) == "reentranceNotAllowed"


# --- counted over transactions ------------------------------------------------------------------------------------


def test_a_profile_cap_is_exact(db: Database) -> None:
    cap = {"type": "condition", "conditionType": "profileCap", "limit": 7, "paths": [{"id": "in"}, {"id": "full"}]}
    edges = [("start", "c"), ("c", "in", "path", "in"), ("c", "full", "path", "full")]
    scene = Scene(db, [reading(*edges, nodes={"c": cap, "in": WAIT, "full": WAIT})], members=20)
    scene.plan()
    for _ in range(5):
        scene.take(limit=5)
    places = [row.node_id for row in scene.inside()]
    assert (places.count("in"), places.count("full")) == (7, 13)


def test_a_test_has_a_hundred_test_profiles_at_most(db: Database) -> None:
    class Testers(World):
        def data_of(self, *_: Any) -> dict[str, Any]:
            return {"ExperiencePlatform": {"ProfileFieldGroup": {"testProfile": True}}}

    journey = replace(compiled(document({"w": WAIT}, ("start", "w"))), mode="test")
    scene = Scene(db, [journey])
    told: list[tuple[str, str | None]] = []
    for part in range(3):
        with db.write() as connection:
            workspace = JourneyWorkspace(connection, scene.live, None, Testers(), NOW_US)  # type: ignore[arg-type]
            for number in range(40):
                data = Testers().data_of()
                arrival = Arrival(1, "e1", f"p{part}-{number}", {}, f"{part}-{number}", 1, data)
                told += outcomes(workspace.receive(arrival))
            workspace.flush()
    assert told == [("entered", None)] * 100 + [("refused", "JOURNEY_INSTANCE_ID_NOT_CREATED")] * 20


def test_each_refusal_of_a_member_with_several_supplemental_ids_is_a_record_of_its_own(db: Database) -> None:
    journey = reading(supplementalIdentifier={"attribute": "bookings.number"}, schedule=DAILY)
    scene = Scene(db, [journey], members=1)
    bookings = orjson.dumps({"bookings": [{"number": "B1"}, {"number": "B2"}]}).decode()
    scene.members.rows[0] = scene.members.rows[0]._replace(attributes=bookings)
    scene.plan()
    scene.take()
    scene.take(86_400)
    left = scene.left_out()
    assert len(left) == 2
    assert len({one["_id"] for one in left}) == 2
