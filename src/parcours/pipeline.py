"""The story in one file: record → valid → profile → journeys → outbox, in one transaction.

    log ──read──► transform ──► lake, failures, counts
                     │
                     └► profile ──► match ──► journeys ──► outbox ──► (delivery)
                                                ▲  ▲
                                        timers ─┘  └─ answers

Everything a batch of records causes commits together with the position in the log: a crash at any instruction
either did all of it or none of it. Due timers and answers of actions are the same, each batch in a transaction.
"""

import collections
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from parcours.audiences.store import delete_qualifications, has_qualifications, take_qualifications
from parcours.batch import Batch, Sources, Transformed, transform_all
from parcours.dataflow.transform import split
from parcours.db import Database
from parcours.db.faults import is_fault_of_the_code
from parcours.delivery.model import ActionAnswer
from parcours.journeys import counter_store, decision_store, measure_store, runs_store
from parcours.journeys import store as journey_store
from parcours.journeys.audience_runs import ReadingPace
from parcours.kit.clock import Clock
from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import BulkHistogram, Counter, Histogram, get_logger
from parcours.log import LogReader, Record
from parcours.profile.workspace import KnownLinks
from parcours.rulesets import store as rule_counts

CONSUMER = "pipeline"
PULSES_KEPT_US = 900_000_000
"""How long the figures of a moment are kept; alerts look at the last five minutes."""
CONVERSIONS_KEPT_US = 92 * 86_400_000_000
"""How long it is known for which entrances a metric has counted: longer than any is measured."""
MESSAGES = Counter("parcours_pipeline_messages_total", "Messages processed, by outcome.", ["outcome"])
BATCH_SECONDS = Histogram("parcours_pipeline_batch_seconds", "Time of one transaction of the worker.", ["kind"])
TIMER_LATENESS = BulkHistogram(
    "parcours_timer_lateness_seconds",
    "From a timer's due time to the commit of what it set going.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
EVENT_SECONDS = BulkHistogram(
    "parcours_event_to_journey_seconds",
    "From an event's receipt to the commit of what journeys made of it.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)
SET_ASIDE = Counter(
    "parcours_pipeline_set_aside_total", "Timers, answers and so on that the code failed on, by kind.", ["kind"]
)
MAX_RUNS = 100
"""Most runs of Read audience looked at when one of them fails."""
MAX_PASSED_OVER = 100
"""Members in a row whom the code can't let enter, until their run has failed."""
log = get_logger("pipeline")


class _Ahead(NamedTuple):
    """What was read after a position while the transaction before was committed."""

    position: int
    records: Sequence[tuple[int, Record]]
    transformed: Transformed | None


_NOTHING_AHEAD = _Ahead(0, (), None)


class PositionMoved(ParcoursError):
    """Another worker has processed these records; nothing of this batch is kept."""


class Pipeline:
    """The worker's transactions. Not for use by several threads at once."""

    def __init__(self, db: Database, reader: LogReader, sources: Sources, clock: Clock) -> None:
        self._db = db
        self._reader = reader
        self._sources = sources
        self._clock = clock
        self._known_links = KnownLinks()
        self._pace = ReadingPace()
        self._faults_of_run: dict[str, int] = {}
        self._warm: Mapping[str, int] | None = None
        self._changes = db.changes()
        self._looked_at: int | None = None
        """The database's version at the last look; None when that can't tell."""
        self._waiting = _Waiting()
        self._ahead = _NOTHING_AHEAD
        with db.read() as connection:
            self._position = journey_store.get_position(connection, CONSUMER)

    @property
    def position(self) -> int:
        """The last record processed."""
        return self._position

    @property
    def next_due_us(self) -> int | None:
        """When the next timer or run is due, as of the last look or transaction; None when there is none."""
        moments = [at_us for at_us in (self._waiting.next_timer_us, self._waiting.next_run_us) if at_us is not None]
        return min(moments, default=None)

    @property
    def has_due(self) -> bool:
        """Whether a timer is due."""
        return self._is_due(self._waiting.next_timer_us)

    @property
    def has_runs(self) -> bool:
        """Whether a run of Read audience is under way or due."""
        return self._is_due(self._waiting.next_run_us)

    @property
    def has_stops(self) -> bool:
        """Whether people of some version are gone through, as of the last look or transaction."""
        return self._waiting.has_stops

    @property
    def has_qualifications(self) -> bool:
        """Whether individuals have entered or left audiences, as of the last look or transaction."""
        return self._waiting.has_qualifications

    def _is_due(self, at_us: int | None) -> bool:
        return at_us is not None and at_us <= self._clock.now_us()

    @contextmanager
    def _write(self, meanwhile: Callable[[], None] | None = None) -> Iterator[Connection]:
        """A transaction of the worker, which knows in the end what waits: it needn't look for what it wrote itself.

        meanwhile: see `Database.write`.
        """
        with self._db.write(meanwhile) as connection:
            yield connection
            waiting = _look(connection)
        self._waiting = waiting

    def run_records(self, max_messages: int) -> int:
        """Process what the log holds next; how many records it was, 0 at the end of the log.

        A record that the code or the database fails on is set aside as a failed one rather than tried for ever.
        """
        records = self._ahead.records if self._ahead.position == self._position else ()
        if not records:
            records = self._reader.read(self._position, max_messages)
        if not records:
            return 0
        try:
            self._process(records, max_messages)
        except Exception as error:
            if not _may_be_set_aside(error):
                with self._db.read() as connection:
                    self._position = journey_store.get_position(connection, CONSUMER)
                raise
            if len(records) > 1:
                log.error("pipeline.batch_failed", records=len(records), exc_info=error)
                for one in records:
                    self._process_alone(one)
            else:
                self._set_aside(records[0], error)
        return len(records)

    def _process_alone(self, item: tuple[int, Record]) -> None:
        try:
            self._process([item])
        except Exception as error:
            if not _may_be_set_aside(error):
                raise
            self._set_aside(item, error)

    def _process(self, records: Sequence[tuple[int, Record]], max_messages: int = 0) -> None:
        """max_messages: how many are read next; 0 when that is not known."""
        started = time.perf_counter()
        position = records[-1][0]
        done: list[Batch] = []
        transformed = self._ahead.transformed if self._ahead.records is records else None
        self._ahead = _NOTHING_AHEAD

        def prepare_next() -> None:
            definitions = done.pop().definitions  # the batch goes: so many objects take their time
            with contextlib.suppress(Exception):  # it is read again, then
                following = self._reader.read(position, max_messages)
                ahead = transform_all((record for _, record in following), definitions)
                self._ahead = _Ahead(position, following, ahead)

        # somebody who waits for a single event is served sooner without
        is_behind = max_messages > 0 and 2 * sum(record.message_count for _, record in records) >= max_messages
        with self._write(prepare_next if is_behind else None) as connection:
            batch = self._batch(connection)
            batch.take((record for _, record in records), transformed)
            del transformed
            new_links = batch.flush()
            self._move(connection, position)
            landed, failed, matched_at_ms = batch.landed, batch.failed, batch.matched_at_ms
            done.append(batch)
            del batch
        self._known_links.add(new_links)
        self._position = position
        MESSAGES.labels("landed").inc(landed)
        MESSAGES.labels("failed").inc(failed)
        now_ms = time.time_ns() // 1_000_000
        for received_at_ms, count in collections.Counter(matched_at_ms).items():
            EVENT_SECONDS.observe_many((now_ms - received_at_ms) / 1000, count)
        BATCH_SECONDS.labels("records").observe(time.perf_counter() - started)

    def _set_aside(self, item: tuple[int, Record], error: Exception) -> None:
        """Process the messages of a record one by one, and keep those as failed that the code can't process."""
        position, record = item
        log.error("pipeline.record_failed", position=position, xaction_id=record.xaction_id, exc_info=error)
        new_links: list[Any] = []
        landed = failed = 0
        with self._write() as connection:
            for message in split(record):
                try:
                    with connection.begin_nested():
                        batch = self._batch(connection)
                        batch.take([message])
                        new_links += batch.flush()
                        landed, failed = landed + batch.landed, failed + batch.failed
                except Exception as fault:
                    if not _may_be_set_aside(fault):
                        raise
                    batch = self._batch(connection)
                    batch.set_aside(message, fault)
                    batch.flush()
                    failed += batch.failed
            self._move(connection, position)
        MESSAGES.labels("landed").inc(landed)
        MESSAGES.labels("failed").inc(failed)
        self._known_links.add(new_links)
        self._position = position

    def _batch(self, connection: Connection) -> Batch:
        return Batch(connection, self._sources, self._known_links, self._clock.now_us())

    def _move(self, connection: Connection, position: int) -> None:
        if not journey_store.move_position(connection, CONSUMER, self._position, position):
            raise PositionMoved("another worker has processed these records")

    def run_timers(self, max_timers: int) -> int:
        """Wake what is due; how many timers it was."""
        woken: list[journey_store.DueTimer] = []

        def take(batch: Batch, limit: int, done: int) -> int:
            woken[:] = journey_store.find_due(batch.connection, batch.now_us, limit)
            batch.wake(woken)
            return len(woken)

        def drop(batch: Batch, done: int, fault: Exception) -> int:
            due = journey_store.find_due(batch.connection, batch.now_us, 1)
            for timer in due:
                batch.fail_timer(timer)
            return len(due)

        done = self._turn("timers", max_timers, take, drop)
        done_us = self._clock.now_us()
        TIMER_LATENESS.observe_all([(done_us - timer.due_at_us) / 1e6 for timer in woken])
        return done

    def run_stops(self, max_instances: int) -> int:
        """Take people out of versions that were stopped, or let them go on; how many people they were."""

        def take(batch: Batch, limit: int, done: int) -> int:
            return sum(batch.go_through(stop, limit) for stop in journey_store.find_stops(batch.connection, 1))

        def drop(batch: Batch, done: int, fault: Exception) -> int:
            return sum(batch.fail_first(stop) for stop in journey_store.find_stops(batch.connection, 1))

        return self._turn("stops", max_instances, take, drop)

    def run_audiences(self, max_members: int) -> int:
        """Let members of audiences enter that are to be read now; how many were read."""
        try:
            return self._transact("audiences", lambda batch: batch.read_audiences(max_members, self._pace))
        except Exception as fault:
            self._check(fault, "audiences")
        with self._db.read() as connection:
            runs = [run.id for run in runs_store.find_runs(connection, self._clock.now_us(), MAX_RUNS)]
        return sum(self._read_alone(run_id, max_members) for run_id in runs)

    def _read_alone(self, run_id: str, max_members: int) -> int:
        """Read one member after the other, and leave out those whom the code can't let enter."""

        def take(batch: Batch, limit: int, done: int) -> int:
            read = batch.read_one(run_id, limit, self._pace)
            self._faults_of_run.pop(run_id, None)
            return read

        def drop(batch: Batch, done: int, fault: Exception) -> int:
            faults = self._faults_of_run[run_id] = self._faults_of_run.get(run_id, 0) + 1
            return batch.pass_over(run_id, is_given_up=faults > MAX_PASSED_OVER)

        try:
            self._transact("audiences", lambda batch: batch.read_one(run_id, 0, self._pace))
        except Exception as fault:
            self._check(fault, "audiences")
            SET_ASIDE.labels("audiences").inc()
            return self._drop("audiences", lambda batch: batch.pass_over(run_id, is_given_up=True))
        return self._one_by_one("audiences", max_members, take, drop)

    def run_qualifications(self, max_changes: int) -> int:
        """Let journeys hear of individuals who entered or left audiences; how many changes they were."""

        def take(batch: Batch, limit: int, done: int) -> int:
            taken = take_qualifications(batch.connection, limit)
            batch.qualify(taken)
            delete_qualifications(batch.connection, taken)
            return len(taken)

        def drop(batch: Batch, done: int, fault: Exception) -> int:
            taken = take_qualifications(batch.connection, 1)
            for change in taken:
                batch.fail_qualification(change, fault)
            delete_qualifications(batch.connection, taken)
            return len(taken)

        return self._turn("qualifications", max_changes, take, drop)

    def run_answers(self, answers: Sequence[ActionAnswer]) -> None:
        """Hand the answers of actions to their instances, and forget the calls."""

        def take(batch: Batch, limit: int, done: int) -> int:
            taken = answers[done : done + limit]
            batch.answer(taken)
            return len(taken)

        def drop(batch: Batch, done: int, fault: Exception) -> int:
            batch.fail_answer(answers[done])
            return 1

        self._turn("answers", len(answers), take, drop)

    def _turn(self, kind: str, most: int, take: "_Take", drop: "_Drop") -> int:
        """One transaction for the first `most` of what waits; how many there were.

        When the code fails on them, each is taken alone: those it fails on are dropped, which tells of them, and the
        others don't wait for that.
        """
        try:
            return self._transact(kind, lambda batch: take(batch, most, 0))
        except Exception as fault:
            self._check(fault, kind)
        return self._one_by_one(kind, most, take, drop)

    def _one_by_one(self, kind: str, most: int, take: "_Take", drop: "_Drop") -> int:
        done = 0
        while done < most:
            try:
                taken = self._transact(kind, partial(take, limit=1, done=done))
            except Exception as fault:
                self._check(fault, kind)
                SET_ASIDE.labels(kind).inc()
                taken = self._drop(kind, partial(drop, done=done, fault=fault))
            if not taken:
                break
            done += taken
        return done

    def _drop(self, kind: str, work: Callable[[Batch], int]) -> int:
        """Drop one with its step; or, when the code fails on telling that, too, with what SQL alone can do."""
        try:
            return self._transact(kind, work)
        except Exception as fault:
            self._check(fault, kind)

        def without_steps(batch: Batch) -> int:
            batch.is_telling = False
            return work(batch)

        return self._transact(kind, without_steps)

    def _transact(self, kind: str, work: Callable[[Batch], int]) -> int:
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            done = work(batch)
            new_links = batch.flush()
        self._known_links.add(new_links)
        BATCH_SECONDS.labels(kind).observe(time.perf_counter() - started)
        return done

    def _check(self, fault: Exception, kind: str) -> None:
        """Raise again what isn't to be helped by taking things apart."""
        if not is_fault_of_the_code(fault):
            raise fault
        log.error("pipeline.turn_failed", kind=kind, exc_info=fault)

    def look(self) -> None:
        """Notice what others wrote: stops, timers that were repaired, and definitions, which are compiled at once.

        So the next record need not wait for it. A look changes nothing, and costs next to nothing while nobody writes.
        """
        version = self._changes.version()
        if version is not None and version == self._looked_at:
            return
        with self._db.read() as connection:
            self._waiting = _look(connection)
            revisions = self._sources.resources.revisions(connection)
            if revisions != self._warm:
                self._compile(connection, revisions)
                self._warm = revisions
        self._looked_at = version

    def _compile(self, connection: Connection, revisions: Mapping[str, int]) -> None:
        sources = self._sources
        schemas = sources.schemas.current(connection, revisions)
        mappings = sources.mappings.current(connection, revisions)
        for inlet in sources.inlets.current(connection, revisions).by_id.values():
            for flow in inlet.flows.values():
                schemas.get(flow.scope_id, flow.schema_id)
                if flow.mapping is not None:
                    mappings.get(flow.scope_id, *flow.mapping)
        for table in (
            sources.data_sets,
            sources.events,
            sources.journeys,
            sources.actions,
            sources.lookups,
            sources.rule_sets,
            sources.templates,
        ):
            table.current(connection, revisions)

    def trim(self, received_before_ms: int, decisions_before_ms: int, figures_before_ms: int) -> bool:
        """Drop processed records, old decisions and old figures by hour, some at a time; whether there may be more."""
        records_gone = self._reader.trim(self._position, received_before_ms)
        with self._db.write() as connection:
            decisions_gone = decision_store.delete_decisions(connection, decisions_before_ms)
            figures_gone = counter_store.trim_counts(connection, figures_before_ms * 1_000)
            rule_counts.trim_counts(connection, self._clock.now_us())
            entrances_gone = measure_store.trim_conversions(connection, self._clock.now_us() - CONVERSIONS_KEPT_US)
            counter_store.trim_pulses(connection, self._clock.now_us() - PULSES_KEPT_US)
        return bool(records_gone or decisions_gone or figures_gone or entrances_gone)


class _Waiting(NamedTuple):
    """What waits for the worker beside records and answers."""

    next_timer_us: int | None = None
    next_run_us: int | None = None
    has_stops: bool = False
    has_qualifications: bool = False


def _look(connection: Connection) -> _Waiting:
    """A step into an index for each, whatever their number."""
    return _Waiting(
        journey_store.find_next_due(connection),
        runs_store.find_next_due(connection),
        bool(journey_store.find_stops(connection, 1)),
        has_qualifications(connection),
    )


def _may_be_set_aside(error: Exception) -> bool:
    return is_fault_of_the_code(error) and not isinstance(error, PositionMoved)


class _Take(Protocol):
    def __call__(self, batch: Batch, limit: int, done: int) -> int:
        """Take up to `limit` of what waits, when `done` were taken in this turn before; how many."""
        ...


class _Drop(Protocol):
    def __call__(self, batch: Batch, done: int, fault: Exception) -> int:
        """Drop the first of what waits, for the code failed on it; how many were there to drop."""
        ...
