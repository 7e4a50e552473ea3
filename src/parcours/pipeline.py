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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from parcours.actions.table import ActionTable
from parcours.catalog import store as catalog_store
from parcours.catalog.model import DataSetTable
from parcours.dataflow import store as failures
from parcours.dataflow.model import Failed, Origin, Valid
from parcours.dataflow.transform import Definitions, give_up, split, transform
from parcours.dataprep.service import MappingTable
from parcours.db import Database
from parcours.delivery import store as outbox
from parcours.delivery.model import ActionAnswer
from parcours.events.model import MAX_EVENT_BYTES, EventConfiguration
from parcours.events.table import EventTable, read_event_id
from parcours.flows import store as flow_store
from parcours.flows.model import InletTable
from parcours.identity.namespaces import NamespaceTable, canonical_namespace
from parcours.journeys import store as journey_store
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import NOTHING, Instance
from parcours.journeys.runner import JourneyWorkspace
from parcours.kit.clock import Clock
from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import BulkHistogram, Counter, Histogram, get_logger
from parcours.lake.store import stage
from parcours.log import LogReader, Record
from parcours.profile.merge import MergePolicyTable
from parcours.profile.store import event_key
from parcours.profile.workspace import KnownLinks, ProfileData, ProfileWorkspace
from parcours.resources.store import Compiled, ResourceStore
from parcours.xdm.identities import Identity
from parcours.xdm.table import SchemaTable

CONSUMER = "pipeline"
DUPLICATE_WINDOW_MS = 600_000
"""How long an event with the same `_id` from the same inlet is not taken again by journeys (journeys §4.4)."""
INTERNAL = "INGEST-1500-500"
"""The server itself failed on the message; its log says why."""

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


@dataclass(frozen=True)
class Sources:
    """Where the definitions come from, compiled and refreshed as they change."""

    resources: ResourceStore
    inlets: Compiled[InletTable]
    data_sets: Compiled[DataSetTable]
    schemas: Compiled[SchemaTable]
    mappings: Compiled[MappingTable]
    namespaces: Compiled[NamespaceTable]
    policies: Compiled[MergePolicyTable]
    events: Compiled[EventTable]
    journeys: Compiled[LiveJourneys]
    actions: Compiled[ActionTable]
    step_data_set: Callable[[Connection, int], str]
    """The data set of a sandbox's journey step events, made when it is first needed."""


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
        self._next_due_us: int | None = None
        self._has_stops = False
        with db.read() as connection:
            self._position = journey_store.get_position(connection, CONSUMER)

    @property
    def position(self) -> int:
        """The last record processed."""
        return self._position

    @property
    def next_due_us(self) -> int | None:
        """When the next timer is due, as of the last look or transaction; None when there is none."""
        return self._next_due_us

    @property
    def has_due(self) -> bool:
        """Whether a timer is due."""
        return self._next_due_us is not None and self._next_due_us <= self._clock.now_us()

    @property
    def has_stops(self) -> bool:
        """Whether a stop is under way, as of the last look."""
        return self._has_stops

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction of the worker. It alone writes timers, so it knows when the next is due without looking."""
        with self._db.write() as connection:
            yield connection
            next_due_us = journey_store.find_next_due(connection)
        self._next_due_us = next_due_us

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

    def _batch(self, connection: Connection) -> "_Batch":
        return _Batch(connection, self._sources, self._known_links, self._clock.now_us())

    def _move(self, connection: Connection, position: int) -> None:
        if not journey_store.move_position(connection, CONSUMER, self._position, position):
            raise PositionMoved("another worker has processed these records")

    def run_timers(self, max_timers: int) -> int:
        """Wake what is due; how many timers it was."""
        now_us = self._clock.now_us()
        started = time.perf_counter()
        with self._write() as connection:
            due = journey_store.find_due(connection, now_us, max_timers)
            batch = _Batch(connection, self._sources, self._known_links, now_us)
            batch.wake(due)
            new_links = batch.flush()
        self._known_links.add(new_links)
        done_us = self._clock.now_us()
        TIMER_LATENESS.observe_all([(done_us - timer.due_at_us) / 1e6 for timer in due])
        BATCH_SECONDS.labels("timers").observe(time.perf_counter() - started)
        return len(due)

    def run_stops(self, max_instances: int) -> int:
        """Take people out of versions that were stopped; how many people it were."""
        started = time.perf_counter()
        with self._write() as connection:
            batch = self._batch(connection)
            stops = journey_store.find_stops(connection, 1)
            stopped = sum(batch.stop(stop, max_instances) for stop in stops)
            batch.flush()
        self._has_stops = bool(stops)
        BATCH_SECONDS.labels("stops").observe(time.perf_counter() - started)
        return stopped

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
            self._next_due_us = journey_store.find_next_due(connection)
            self._has_stops = bool(journey_store.find_stops(connection, 1))
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
        for table in (sources.data_sets, sources.events, sources.journeys, sources.actions):
            table.current(connection, revisions)

    def trim(self, received_before_ms: int, decisions_before_ms: int) -> bool:
        """Drop processed records and old decisions, some at a time; whether there may be more."""
        records_gone = self._reader.trim(self._position, received_before_ms)
        with self._db.write() as connection:
            decisions_gone = journey_store.delete_decisions(connection, decisions_before_ms)
        return bool(records_gone or decisions_gone)


class _Looked(NamedTuple):
    """What the event configurations of its schema say of one event."""

    event_id: str
    """The event's `_id` in a form that fits an index."""
    matched: list[tuple[EventConfiguration, str | None]]
    """Each with the key it computes from the event; None when that failed."""
    others: str | None
    """The set of configurations that it is not, with those it is; None when it is them all."""
    has_id: bool
    """Whether it names an event id."""


class _Batch:
    """One transaction's working set."""

    def __init__(self, connection: Connection, sources: Sources, known_links: KnownLinks, now_us: int) -> None:
        revisions = sources.resources.revisions(connection)
        self._connection = connection
        self._sources = sources
        self._now_us = now_us
        self._definitions = Definitions(
            inlets=sources.inlets.current(connection, revisions),
            data_sets=sources.data_sets.current(connection, revisions),
            schemas=sources.schemas.current(connection, revisions),
            mappings=sources.mappings.current(connection, revisions),
        )
        self._events = sources.events.current(connection, revisions)
        self._profiles = ProfileWorkspace(
            connection,
            known_links,
            sources.namespaces.current(connection, revisions),
            sources.policies.current(connection, revisions),
        )
        self._journeys = JourneyWorkspace(
            connection,
            sources.journeys.current(connection, revisions),
            sources.actions.current(connection, revisions),
            now_us,
        )
        self._live = sources.journeys.current(connection, revisions)
        self._lines: dict[tuple[int, str], list[bytes]] = {}
        self._failures: list[Failed] = []
        self._retried: dict[int, str] = {}
        self._decisions: list[tuple[Any, ...]] = []
        self._sets: dict[str, str] = {}
        self._runs: dict[tuple[int, str, str, int], flow_store.RunDelta] = {}
        self.landed = 0
        self.failed = 0
        self.matched_at_ms: list[int] = []

    # --- records ---

    def take(self, records: Iterable[Record]) -> None:
        """Every message of the records, in order."""
        definitions = self._definitions
        outcomes = [outcome for record in records for outcome in transform(record, definitions)]
        outcomes = self._settle_retries(outcomes)
        matches = self._match(outcomes)
        for outcome in outcomes:
            if isinstance(outcome, Failed):
                self.fail(outcome)
                continue
            self._land(outcome)
            self._profiles.apply(outcome)
            found = matches.get(id(outcome))
            if found is not None:
                self._deliver(outcome, found)

    def _settle_retries(self, outcomes: list[Valid | Failed]) -> list[Valid | Failed]:
        """Take up further tries of failed records under their first receipt; drop those already settled."""
        retried = [o.origin.retry_of for o in outcomes if o.origin.retry_of]
        if not retried:
            return outcomes
        first_tries = failures.find_first_tries(self._connection, retried)
        kept: list[Valid | Failed] = []
        for outcome in outcomes:
            origin = outcome.origin
            if origin.retry_of:
                first = first_tries.pop(origin.retry_of, None)
                if first is None:
                    continue
                self._retried[origin.retry_of] = first.code
                origin = origin._replace(xaction_id=first.xaction_id, received_at_ms=first.received_at_ms)
                outcome = outcome._replace(origin=origin)
            kept.append(outcome)
        return kept

    def _match(self, outcomes: Iterable[Valid | Failed]) -> "dict[int, _Looked]":
        """What event configurations say of each event that any of them looks at, and which are duplicates."""
        found: dict[int, _Looked] = {}
        instances: list[tuple[int, str, str]] = []
        event_ids: dict[int, list[str]] = {}
        keys: dict[int, dict[tuple[str, str], None]] = {}
        for outcome in outcomes:
            if isinstance(outcome, Failed) or outcome.schema.behaviour != "time-series":
                continue
            scope_id = outcome.scope_id
            matched = self._events.match(scope_id, outcome.schema.schema_id, outcome.entity)
            considered = self._events.considered(scope_id, outcome.schema.schema_id)
            if not matched and considered is None:
                continue
            others = None
            if considered is not None and considered.has_others(matched):
                others = considered.digest
                self._sets[others] = considered.text
            event_id = event_key(outcome.entity["_id"])
            event_ids.setdefault(scope_id, []).append(event_id)
            looked = found[id(outcome)] = _Looked(
                event_id,
                [(c, c.key(outcome.entity)) for c in matched],
                others,
                read_event_id(outcome.entity) is not None,
            )
            for configuration, key in looked.matched:
                if not key:
                    continue
                interest = self._journeys.interest(scope_id, configuration.uid)
                instances.extend([(scope_id, journey_uid, key) for journey_uid in interest.journey_uids])
                identity = _identity_of(configuration, key) if interest.reads_profile else None
                if identity is not None:
                    # also those the event is about to link: the profile is read after it was applied
                    keys.setdefault(scope_id, {}).update(dict.fromkeys((identity, *outcome.identities)))
        self._duplicates = {
            scope_id: journey_store.find_duplicates(
                self._connection, scope_id, ids, self._now_us // 1000 - DUPLICATE_WINDOW_MS
            )
            for scope_id, ids in event_ids.items()
        }
        for scope_id, identities in keys.items():
            self._profiles.preload(scope_id, identities)
        self._journeys.preload(instances)
        return found

    def _deliver(self, valid: Valid, looked: "_Looked") -> None:
        """Give an event to the journeys it concerns, and write down what was decided and why."""
        scope_id, origin, entity = valid.scope_id, valid.origin, valid.entity
        event_id = looked.event_id
        duplicates = self._duplicates[scope_id]
        is_duplicate = (origin.inlet_id, event_id) in duplicates
        duplicates.add((origin.inlet_id, event_id))
        decisions: list[dict[str, Any]] = []
        for configuration, key in looked.matched:
            told: dict[str, Any] = {"event": configuration.name, "eventUid": configuration.uid, "key": key}
            if is_duplicate:
                told["outcome"] = "duplicate"
            elif len(valid.line) > MAX_EVENT_BYTES:
                told |= {"outcome": "refused", "reason": "eventTooLarge"}
            else:
                data = ProfileData(self._profiles, scope_id, _identity_of(configuration, key))
                journeys = self._journeys.receive(
                    scope_id, configuration.uid, key, entity, origin.xaction_id, origin.received_at_ms, data
                )
                told["outcome"] = "matched" if journeys else "EVENT_WITH_NO_JOURNEY"
                if journeys:
                    told["journeys"] = journeys
                    self.matched_at_ms.append(origin.received_at_ms)
            decisions.append(told)
        if looked.others is not None:
            decisions.append({"set": looked.others, "hasId": looked.has_id})
        namespace, identity_value = valid.primary if valid.primary is not None else (None, None)
        text = orjson.dumps(decisions).decode()
        self._decisions.append(
            (scope_id, namespace, identity_value, event_id, origin.inlet_id, origin.xaction_id,
             origin.received_at_ms, text)
        )  # fmt: skip

    def _land(self, valid: Valid) -> None:
        self.landed += 1
        self._lines.setdefault((valid.scope_id, valid.dataset.id), []).append(valid.line)
        delta = self._delta(valid.scope_id, valid.dataset.id, valid.origin)
        delta.landed += 1
        delta.bytes_out += len(valid.line)
        if valid.warnings:
            delta.warnings += 1
        if valid.origin.retry_of:
            delta.failed -= 1
            _count(delta.reasons, self._retried[valid.origin.retry_of], -1)
            failures.delete_failed(self._connection, valid.origin.retry_of)

    def fail(self, failed: Failed) -> None:
        """Keep a failed message with its body and reason."""
        delta = self._delta(failed.scope_id, failed.dataset_id, failed.origin)
        _count(delta.reasons, failed.code, 1)
        if failed.origin.retry_of:
            _count(delta.reasons, self._retried[failed.origin.retry_of], -1)
            failures.fail_again(self._connection, failed)
            return
        self.failed += 1
        self._failures.append(failed)
        delta.failed += 1

    def set_aside(self, record: Record, fault: Exception) -> None:
        """Keep the one message of a record as failed: the code can't process it."""
        text = f"The server failed on this record: {type(fault).__name__}"
        failed = give_up(record, self._definitions, INTERNAL, text)
        for outcome in self._settle_retries([failed]):
            self.fail(outcome)  # type: ignore[arg-type]

    def _delta(self, scope_id: int, dataset_id: str, origin: Origin) -> flow_store.RunDelta:
        received_at_ms = origin.received_at_ms
        key = (scope_id, origin.flow_id, dataset_id, received_at_ms - received_at_ms % flow_store.WINDOW_MS)
        delta = self._runs.get(key)
        if delta is None:
            delta = self._runs[key] = flow_store.RunDelta()
        delta.note_received(received_at_ms, self._now_us // 1000)
        return delta

    # --- what comes back to instances ---

    def wake(self, due: Sequence[journey_store.DueTimer]) -> None:
        """Timers whose time has come."""
        self._journeys.load(timer.instance_id for timer in due)
        for timer in due:
            self._journeys.wake(timer, self._data_of)

    def answer(self, answers: Sequence[ActionAnswer]) -> None:
        """Answers of actions; their outbox rows go."""
        self._journeys.load(answer.instance_id for answer in answers)
        for answer in answers:
            self._journeys.answer(answer.instance_id, answer.node_id, answer.pass_no, answer.outcome, self._data_of)
        outbox.delete_answered(self._connection, [answer.outbox_id for answer in answers])

    def stop(self, stop: journey_store.Stop, limit: int) -> int:
        """Take people out of a stopped version, a number of them at a time; how many it were."""
        connection = self._connection
        inside = journey_store.list_inside(connection, stop, limit)
        journey = self._live.stopping.get(stop.version_uid)
        unmovable = [one.id for one in inside] if journey is None else self._journeys.stop(journey, inside)
        journey_store.end_instances(connection, unmovable, self._now_us)
        if len(inside) == limit:
            journey_store.move_stop(connection, stop, inside[-1].key)
        else:
            outbox.drop_calls(connection, stop.scope_id, stop.version_uid)  # a call may have been decided meanwhile
            journey_store.finish_stop(connection, stop)
        return len(inside)

    def _data_of(self, instance: Instance) -> Mapping[str, Any]:
        journey = self._live.get(instance.version_uid)
        if journey is None or instance.namespace is None:
            return NOTHING
        identity = (canonical_namespace(instance.namespace), instance.key)
        return ProfileData(self._profiles, journey.scope_id, identity)

    # --- the end ---

    def flush(self) -> Any:
        """Write everything; the identity links written, to be remembered after the commit."""
        connection = self._connection
        links = self._profiles.flush()
        journeys = self._journeys
        journeys.flush()
        outbox.enqueue(connection, journeys.calls, self._now_us)
        journey_store.insert_decisions(connection, self._decisions)
        journey_store.note_sets(connection, self._sets, self._now_us // 1000)
        failures.insert_failed(connection, self._failures)
        for scope_id, lines in journeys.step_lines.items():
            self._lines.setdefault((scope_id, self._sources.step_data_set(connection, scope_id)), []).extend(lines)
        for (scope_id, dataset_id), lines in self._lines.items():
            stage(connection, scope_id, dataset_id, lines)
        for (scope_id, flow_id, dataset_id, window_ms), delta in self._runs.items():
            if flow_id:
                flow_store.add_to_run(connection, scope_id, flow_id, window_ms, delta)
            catalog_store.add_to_batch(connection, scope_id, dataset_id, flow_id, window_ms, delta)
        return links


def _is_fault_of_a_record(error: Exception) -> bool:
    """Whether trying again without a record may help: not when the database is away, full or locked."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError | IntegrityError)
    return not isinstance(error, PositionMoved)


def _identity_of(configuration: EventConfiguration, key: str | None) -> Identity | None:
    if configuration.namespace is None or not key:
        return None
    return canonical_namespace(configuration.namespace), key


def _count(counts: dict[str, int], key: str, difference: int) -> None:
    counts[key] = counts.get(key, 0) + difference
