"""The audit: every instance and every timer once, in parts; then what stands around them."""

import collections
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.db import Database
from parcours.delivery.store import enqueue_lost
from parcours.doctor import store
from parcours.doctor.model import Fault, Part, Report, Severity, Timer, Unreadable, Waiting
from parcours.doctor.rules import examine_part, recall_timer
from parcours.journeys import runs_store
from parcours.journeys import store as journey_store
from parcours.journeys.counter_store import add_counts
from parcours.journeys.counters import Tally
from parcours.journeys.engine import INTERNAL_ERROR
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import GLOBAL_TIMER
from parcours.journeys.run import PAUSED
from parcours.journeys.steps import from_stored
from parcours.journeys.store import RESUMED
from parcours.journeys.versions import RUNNING, VERSION_KIND
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.telemetry import get_logger
from parcours.log import LogReader
from parcours.resources.store import Compiled, ResourceStore

PART = 5_000
"""Instances looked at in one transaction."""
DAY_US = 86_400_000_000
MAX_RUNS = 1_000
"""Most runs under way that are looked at."""
TRIES = 3
"""Of the repair of one part; on PostgreSQL the worker may move someone meanwhile."""
log = get_logger("doctor")


Counted = collections.Counter[tuple[int, str]]
"""By (scope, version)."""


class Forgotten(NamedTuple):
    """A version whose people somebody has to go through."""

    code: str
    scope_id: int
    journey_uid: str
    version_uid: str
    people: int
    reason: str
    """See `journeys.store.stop_table`."""


class Doctor:
    """Checks a database, beside a running server or without one, and repairs it when asked.

    A part is repaired in one transaction, which looks at it again first: what the worker has moved meanwhile stays.
    """

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        journeys: Compiled[LiveJourneys],
        *,
        clock: Clock | None = None,
        threshold_s: float = 60.0,
        part: int = PART,
    ) -> None:
        """threshold_s: how late is too late."""
        self._db = db
        self._resources = resources
        self._journeys = journeys
        self._clock = clock or SystemClock()
        self._threshold_us = int(threshold_s * 1e6)
        self._part = part

    def examine(
        self, reader: LogReader | None = None, *, consumer: str = "", is_working: bool, repairs: bool = False
    ) -> Report:
        """Everything checked. reader: of the event log, as far as `consumer` has come in it.

        is_working: whether a worker runs: without one nothing moves, and what is late is noted, not wrong.
        """
        report = Report()
        inside: Counted = collections.Counter()
        paused: Counted = collections.Counter()
        with self._db.snapshot() as connection:
            live = self._journeys.current(connection)
            self._examine_lateness(connection, report, is_working=is_working)  # before repairs start what is long due
            self._examine_failures(connection, report, live)
        after: str | None = ""
        while after is not None:
            after = self._examine_part(report, live, inside, paused, after, repairs=repairs)
        with self._db.snapshot() as connection:
            forgotten = self._examine_versions(connection, report, live, inside, paused)
        if repairs:
            self._repair_stops(report, forgotten)
        late = report.checked.pop("pastDeadline")
        if late:
            report.add("deadlinesPassed", {}, severity="error" if is_working else "note", count=late)
        if reader is not None:
            with self._db.snapshot() as connection:
                position = journey_store.get_position(connection, consumer)
            self._examine_log(report, reader, position, is_working=is_working)
        return report

    # --- instances and timers ---

    def _examine_part(
        self,
        report: Report,
        live: LiveJourneys,
        inside: Counted,
        paused: Counted,
        after: str,
        *,
        repairs: bool,
    ) -> str | None:
        now_us = self._clock.now_us()
        with self._db.snapshot() as connection:
            part = store.read_part(connection, after, self._part)
        faults = list(examine_part(part, live, now_us, self._threshold_us))
        repaired: set[tuple[str, str, Timer | None]] = set()
        if faults and repairs:
            part, faults, repaired = self._repair(live, after, part, faults)
        report.count("instances", len(part.instances) + len(part.unreadable))
        report.count("timers", sum(map(len, part.timers.values())))
        report.count("waitingForCalls", sum(i.waiting_for in ("action", "fetch") for i in part.instances.values()))
        late = 0
        forgotten = {fault.instance_id for fault in faults if fault.code.startswith("globalTimer")}
        for instance in part.instances.values():
            inside[instance.scope_id, instance.version_uid] += 1
            paused[instance.scope_id, instance.version_uid] += instance.waiting_for == PAUSED
            if instance.deadline_us < now_us - self._threshold_us and instance.version_uid in live.versions:
                late += instance.id not in forgotten
        report.count("pastDeadline", late)
        for fault in faults:
            key = (fault.code, fault.instance_id, fault.timer)
            report.add(fault.code, fault.place(), repaired=key in repaired)
        return part.upto

    def _repair(
        self, live: LiveJourneys, after: str, part: Part, faults: list[Fault]
    ) -> tuple[Part, list[Fault], set[tuple[str, str, Timer | None]]]:
        """The part as it was when it was looked at again, what was wrong with it then, and what is repaired."""
        for _ in range(TRIES):
            now_us = self._clock.now_us()
            try:
                with self._db.snapshot(writes=True) as connection:
                    again = store.read_part(connection, after, self._part, part.upto)
                    found = list(examine_part(again, live, now_us, self._threshold_us))
                    done = self._mend(connection, live, found, now_us)
            except DBAPIError as error:
                log.warning("doctor.interrupted", error=str(error).splitlines()[0])
                continue
            for code, instance_id, timer in done:
                log.info("doctor.repaired", code=code, instance_id=instance_id, timer=timer and timer[1:])
            return again, found, done
        return part, faults, set()

    def _mend(
        self, connection: Connection, live: LiveJourneys, faults: Iterable[Fault], now_us: int
    ) -> set[tuple[str, str, Timer | None]]:
        done: set[tuple[str, str, Timer | None]] = set()
        gone: list[tuple[str, str, int]] = []
        started: list[tuple[object, ...]] = []
        lost: list[Waiting] = []
        unreadable: list[Unreadable] = []
        missing = [f.instance for f in faults if f.code == "timerMissing" and isinstance(f.instance, Waiting)]
        texts = journey_store.list_steps(connection, [i.id for i in missing]) if missing else []
        steps: dict[str, list[str]] = {}
        for instance_id, text in texts:
            steps.setdefault(instance_id, []).append(text)
        for fault in faults:
            match fault:
                case Fault("timerOrphan" | "timerStale", _, Timer() as timer):
                    gone.append((timer.instance_id, timer.node_id, timer.pass_no))
                case Fault("globalTimerMissing", _, _, Waiting() as i):
                    started.append(store.as_timer_row(i, GLOBAL_TIMER, 0, i.deadline_us, "globalTimeout"))
                case Fault("globalTimerLate", _, Timer() as timer, Waiting() as i):
                    gone.append((timer.instance_id, timer.node_id, timer.pass_no))
                    started.append(store.as_timer_row(i, GLOBAL_TIMER, 0, i.deadline_us, "globalTimeout"))
                case Fault("timerMissing", _, _, Waiting() as i):
                    known = [step for text in steps.get(i.id, ()) for step in from_stored(text)]
                    found = recall_timer(i, known, live.versions.get(i.version_uid))
                    if found is None:
                        continue
                    started.append(store.as_timer_row(i, i.node_id, i.pass_no, *found))
                case Fault("callMissing", _, _, Waiting() as i):
                    lost.append(i)
                case Fault("stateUnreadable", _, _, Unreadable() as one):
                    unreadable.append(one)
                case _:
                    continue
            done.add((fault.code, fault.instance_id, fault.timer))
        journey_store.delete_timers(connection, gone)
        journey_store.insert_timers(connection, started)
        for i in lost:
            enqueue_lost(connection, i.scope_id, i.partition, i.id, i.node_id, i.pass_no, i.version_uid, now_us)
        if unreadable:
            tally = Tally()
            for one in unreadable:
                tally.take_out(one.scope_id, one.version_uid, one.node_id, "error", INTERNAL_ERROR)
            journey_store.end_instances(connection, [one.id for one in unreadable], now_us, "error")
            add_counts(connection, tally.rows(), now_us)
        return done

    # --- versions ---

    def _examine_versions(
        self,
        connection: Connection,
        report: Report,
        live: LiveJourneys,
        inside: Counted,
        paused: Counted,
    ) -> list[Forgotten]:
        """The versions whose people nobody goes through, as somebody should."""
        forgotten: list[Forgotten] = []
        stops = {stop.version_uid for stop in journey_store.find_stops(connection, 1_000_000)}
        report.count("stops", len(stops))
        for (scope_id, version_uid), count in inside.items():
            journey = live.versions.get(version_uid)
            if journey is not None and version_uid not in stops:
                if paused[scope_id, version_uid] and journey.pause is None:
                    left = paused[scope_id, version_uid]
                    forgotten.append(
                        Forgotten("resumeForgotten", scope_id, journey.journey_uid, version_uid, left, RESUMED)
                    )
                    report.add("resumeForgotten", {"versionUid": version_uid, "instances": left}, count=left)
                continue
            stored = self._resources.find(connection, scope_id, VERSION_KIND, version_uid)
            place: dict[str, Any] = {"versionUid": version_uid, "instances": count}
            if version_uid in stops:
                report.add("stopUnderWay", place, severity="note", count=count)
            elif stored is None or scope_id not in live.scopes:
                report.add("sandboxGone", place, severity="note", count=count)
            elif stored.body["status"] not in RUNNING:
                journey_uid = stored.body["journeyUid"]
                forgotten.append(Forgotten("stopForgotten", scope_id, journey_uid, version_uid, count, "stopped"))
                report.add("stopForgotten", place, count=count)
            else:
                report.add("versionUnusable", place, count=count)
        return forgotten

    def _repair_stops(self, report: Report, forgotten: Iterable[Forgotten]) -> None:
        """Ask once more that somebody goes through the people of versions."""
        for one in forgotten:
            with self._db.write() as connection:
                known = {stop.version_uid for stop in journey_store.find_stops(connection, 1_000_000)}
                if one.version_uid not in known:
                    journey_store.request_stop(connection, one.scope_id, one.journey_uid, one.version_uid, one.reason)
            log.info("doctor.repaired", code=one.code, version_uid=one.version_uid)
            report.repaired(one.code, one.people)

    # --- what stands around them ---

    def _examine_lateness(self, connection: Connection, report: Report, *, is_working: bool) -> None:
        now_us = self._clock.now_us()
        before_us = now_us - self._threshold_us
        severity: Severity = "error" if is_working else "note"
        overdue, first_us = store.count_overdue(connection, before_us)
        lateness_s = None if first_us is None else max(0, now_us - first_us) / 1e6
        report.measured["timerLatenessS"] = lateness_s
        if overdue:
            report.add("timersOverdue", {"latenessS": lateness_s}, severity=severity, count=overdue)
        calls, late_calls, oldest_us = store.count_calls(connection, before_us)
        report.count("calls", calls)
        report.measured["oldestCallS"] = None if oldest_us is None else (now_us - oldest_us) / 1e6
        if late_calls:
            report.add("callsOverdue", {}, severity=severity, count=late_calls)
        staged, staged_ms = store.count_staged(connection)
        report.count("stagedRecords", staged)
        age_s = None if staged_ms is None else now_us / 1e6 - staged_ms / 1e3
        report.measured["oldestStagedS"] = age_s
        if age_s is not None and age_s * 1e6 > self._threshold_us:
            report.add("lakeBehind", {"oldestS": age_s}, severity=severity, count=staged)

    def _examine_failures(self, connection: Connection, report: Report, live: LiveJourneys) -> None:
        """What the code failed on in the last day, and runs of Read audience that failed or can't go on."""
        since_us = self._clock.now_us() - DAY_US
        for version_uid, subject, what, count in store.count_set_aside(connection, since_us):
            where = "nodeId" if what == "reason" else "eventUid"
            place = {"versionUid": version_uid} if version_uid else {}
            report.add("setAside", {**place, where: subject, "times": count}, severity="note", count=count)
        for run in runs_store.find_failed(connection, since_us):
            report.add("runsFailed", _run_place(run), severity="note")
        for run in runs_store.find_runs(connection, self._clock.now_us(), MAX_RUNS):
            if run.version_uid not in live.versions and run.status == "started":
                report.add("runsHeldUp", _run_place(run))

    def _examine_log(self, report: Report, reader: LogReader, position: int, *, is_working: bool) -> None:
        last = reader.last_position()
        report.measured["recordsBehind"] = max(last - position, 0)
        if position > last:
            place = {"position": position, "lastOfLog": last}
            report.add("positionBeyondLog", place, count=position - last)
            return
        waiting = reader.read(position, 1)
        if not waiting:
            return
        age_us = self._clock.now_us() - waiting[0][1].received_at_ms * 1_000
        report.measured["oldestRecordS"] = age_us / 1e6
        if age_us > self._threshold_us:
            severity: Severity = "error" if is_working else "note"
            age: dict[str, Any] = {"oldestS": age_us / 1e6}
            report.add("recordsWaiting", age, severity=severity, count=last - position)


def _run_place(run: runs_store.AudienceRun) -> dict[str, Any]:
    return {"versionUid": run.version_uid, "runId": run.id, "reason": run.reason, "read": run.read_count}


def is_worker_running(data_dir: Path) -> bool:
    """Whether a worker holds the data directory."""
    try:
        descriptor = os.open(data_dir / "worker.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
