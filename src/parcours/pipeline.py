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
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from parcours.audiences.store import delete_qualifications, has_qualifications, take_qualifications
from parcours.batch import Batch, Sources
from parcours.dataflow.transform import split
from parcours.db import Database
from parcours.delivery.model import ActionAnswer
from parcours.journeys import counter_store, decision_store, runs_store
from parcours.journeys import store as journey_store
from parcours.kit.clock import Clock
from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import BulkHistogram, Counter, Histogram, get_logger
from parcours.log import LogReader, Record
from parcours.profile.workspace import KnownLinks

CONSUMER = "pipeline"
PULSES_KEPT_US = 900_000_000
"""How long the figures of a moment are kept; alerts look at the last five minutes."""
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
log = get_logger("pipeline")


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
        self._warm: Mapping[str, int] | None = None
        self._changes = db.changes()
        self._looked_at: int | None = None
        """The database's version at the last look; None when that can't tell."""
        self._waiting = _Waiting()
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
    def _write(self) -> Iterator[Connection]:
        """A transaction of the worker, which knows in the end what waits: it needn't look for what it wrote itself."""
        with self._db.write() as connection:
            yield connection
            waiting = _look(connection)
        self._waiting = waiting

    def run_records(self, max_messages: int) -> int:
        """Process what the log holds next; how many records it was, 0 at the end of the log.

        A record that the code or the database fails on is set aside as a failed one rather than tried for ever.
        """
        records = self._reader.read(self._position, max_messages)
        if not records:
            return 0
        try:
            self._process(records)
        except Exception as error:
            if not _is_fault_of_a_record(error):
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
            if not _is_fault_of_a_record(error):
                raise
            self._set_aside(item, error)

    def _process(self, records: Sequence[tuple[int, Record]]) -> None:
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            batch.take(record for _, record in records)
            new_links = batch.flush()
            self._move(connection, records[-1][0])
        self._known_links.add(new_links)
        self._position = records[-1][0]
        MESSAGES.labels("landed").inc(batch.landed)
        MESSAGES.labels("failed").inc(batch.failed)
        now_ms = time.time_ns() // 1_000_000
        for received_at_ms, count in collections.Counter(batch.matched_at_ms).items():
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
                    if not _is_fault_of_a_record(fault):
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
        now_us = self._clock.now_us()
        started = time.perf_counter()
        with self._write() as connection:
            due = journey_store.find_due(connection, now_us, max_timers)
            batch = Batch(connection, self._sources, self._known_links, now_us)
            batch.wake(due)
            new_links = batch.flush()
        self._known_links.add(new_links)
        done_us = self._clock.now_us()
        TIMER_LATENESS.observe_all([(done_us - timer.due_at_us) / 1e6 for timer in due])
        BATCH_SECONDS.labels("timers").observe(time.perf_counter() - started)
        return len(due)

    def run_stops(self, max_instances: int) -> int:
        """Take people out of versions that were stopped, or let them go on; how many people they were."""
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            stopped = sum(batch.go_through(stop, max_instances) for stop in journey_store.find_stops(connection, 1))
            batch.flush()
        BATCH_SECONDS.labels("stops").observe(time.perf_counter() - started)
        return stopped

    def run_audiences(self, max_members: int) -> int:
        """Let members of audiences enter that are to be read now; how many were read."""
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            read = batch.read_audiences(max_members)
            batch.flush()
        BATCH_SECONDS.labels("audiences").observe(time.perf_counter() - started)
        return read

    def run_qualifications(self, max_changes: int) -> int:
        """Let journeys hear of individuals who entered or left audiences; how many changes they were."""
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            taken = take_qualifications(connection, max_changes)
            batch.qualify(taken)
            delete_qualifications(connection, taken)
            batch.flush()
        BATCH_SECONDS.labels("qualifications").observe(time.perf_counter() - started)
        return len(taken)

    def run_answers(self, answers: Sequence[ActionAnswer]) -> None:
        """Hand the answers of actions to their instances, and forget the calls."""
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            batch.answer(answers)
            batch.flush()
        BATCH_SECONDS.labels("answers").observe(time.perf_counter() - started)

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
            sources.templates,
            sources.lookups,
        ):
            table.current(connection, revisions)

    def trim(self, received_before_ms: int, decisions_before_ms: int, figures_before_ms: int) -> bool:
        """Drop processed records, old decisions and old figures by hour, some at a time; whether there may be more."""
        records_gone = self._reader.trim(self._position, received_before_ms)
        with self._db.write() as connection:
            decisions_gone = decision_store.delete_decisions(connection, decisions_before_ms)
            figures_gone = counter_store.trim_counts(connection, figures_before_ms * 1_000)
            counter_store.trim_pulses(connection, self._clock.now_us() - PULSES_KEPT_US)
        return bool(records_gone or decisions_gone or figures_gone)


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


def _is_fault_of_a_record(error: Exception) -> bool:
    """Whether trying again without a record may help: not when the database is away, full or locked."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError | IntegrityError)
    return not isinstance(error, PositionMoved)
