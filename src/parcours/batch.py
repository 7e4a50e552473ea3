"""One transaction's working set: what records, timers, answers and audiences cause, gathered and written together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from parcours.actions.table import ActionTable
from parcours.audiences.model import Qualification
from parcours.catalog import store as catalog_store
from parcours.catalog.model import DataSetTable
from parcours.channels.feedback import consent_update, delivery_event
from parcours.channels.model import Report
from parcours.channels.workspace import MessageWorkspace
from parcours.dataflow import store as failures
from parcours.dataflow.model import Change, Failed, Origin, Outcome, Valid
from parcours.dataflow.transform import Definitions, give_up, transform
from parcours.dataprep.service import MappingTable
from parcours.delivery import store as outbox
from parcours.delivery.model import ActionAnswer
from parcours.events.feedback import Feedback, read_feedback
from parcours.events.model import MAX_EVENT_BYTES, MAX_SUPPLEMENTAL_IDS, EventConfiguration
from parcours.events.related import RelatedRows
from parcours.events.table import EventTable, read_event_id
from parcours.flows import store as flow_store
from parcours.flows.model import InletTable
from parcours.identity.namespaces import NamespaceTable, canonical_namespace
from parcours.journeys import decision_store
from parcours.journeys import store as journey_store
from parcours.journeys.activities.audience_qualification import event_uid_of, payload_of
from parcours.journeys.activities.reaction import EVENT_UID as REACTION
from parcours.journeys.audience_runs import AudienceRuns, AudienceSource, ReadingPace, begin_runs
from parcours.journeys.discards import NO_JOURNEY
from parcours.journeys.engine import INTERNAL_ERROR
from parcours.journeys.match import LiveJourneys
from parcours.journeys.run import PAUSED, make
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.workset import Arrival
from parcours.lake.store import stage
from parcours.log import Record
from parcours.lookups.model import LookupTable
from parcours.lookups.workspace import LookupWorkspace
from parcours.profile.merge import MergePolicyTable
from parcours.profile.store import event_key
from parcours.profile.workspace import KnownLinks, ProfileWorkspace, epoch_ms
from parcours.resources.store import Compiled, ResourceStore
from parcours.rulesets.table import RuleSetTable
from parcours.templates.table import TemplateTable
from parcours.world import BatchWorld
from parcours.xdm.identities import Identity
from parcours.xdm.table import SchemaTable

DUPLICATE_WINDOW_MS = 600_000
"""How long an event with the same `_id` from the same inlet is not taken again by journeys (journeys §4.4)."""
AUDIENCES = "audiences"
"""Stands in decisions where those about events name the inlet."""
INTERNAL = "INGEST-1500-500"
"""The server itself failed on the message; its log says why."""


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
    lookups: Compiled[LookupTable]
    audience_source: AudienceSource
    rule_sets: Compiled[RuleSetTable]
    step_data_set: Callable[[Connection, int], str]
    """The data set of a sandbox's journey step events, made when it is first needed."""
    templates: Compiled[TemplateTable]
    feedback_data_set: Callable[[Connection, int], str]
    """The same of what became of messages."""


class Transformed(NamedTuple):
    """What records were made into before the transaction that takes them."""

    definitions: Definitions
    outcomes: list[Outcome]


def transform_all(records: Iterable[Record], definitions: Definitions) -> Transformed:
    """Every message of the records, in order."""
    return Transformed(definitions, [outcome for record in records for outcome in transform(record, definitions)])


class _Looked(NamedTuple):
    """What the event configurations of its schema say of one event."""

    event_id: str
    """The event's `_id` in a form that fits an index."""
    matched: list[tuple[EventConfiguration, str | None, Identity | None]]
    """Each with the key it computes from the event, None when that failed, and the identity that is."""
    others: str | None
    """The set of configurations that it is not, with those it is; None when it is them all."""
    has_id: bool
    """Whether it names an event id."""


@dataclass(slots=True)
class _Receipt:
    """Records that were received at once, of one flow into one data set."""

    delta: flow_store.RunDelta
    """Of the run they belong to."""
    count: int = 0


class Batch:
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
        self._live = sources.journeys.current(connection, revisions)
        self._lookups = LookupWorkspace(sources.lookups.current(connection, revisions))
        self._world = BatchWorld(
            connection,
            self._profiles,
            self._lookups,
            self._definitions.data_sets,
            self._live,
            sources.audience_source,
            now_us,
        )
        self._journeys = JourneyWorkspace(
            connection,
            self._live,
            sources.actions.current(connection, revisions),
            self._world,
            now_us,
            self._world.rule_book(sources.rule_sets.current(connection, revisions)),
            sources.templates.current(connection, revisions),
        )
        self._messages = MessageWorkspace()
        self._lines: dict[tuple[int, str], list[bytes]] = {}
        self._failures: list[Failed] = []
        self._retried: dict[int, str] = {}
        self._decisions: list[tuple[Any, ...]] = []
        self._sets: dict[str, str] = {}
        self._runs: dict[tuple[int, str, str, int], flow_store.RunDelta] = {}
        self._receipts: dict[tuple[int, str, str, int], _Receipt] = {}
        """By (scope, flow, data set, receipt)."""
        self.is_telling = True
        """Whether those whom the code can't move end with a step; else their rows alone say so."""
        self.landed = 0
        self.failed = 0
        self.matched_at_ms: list[int] = []

    @property
    def connection(self) -> Connection:
        """Of the transaction."""
        return self._connection

    @property
    def now_us(self) -> int:
        """When the transaction began."""
        return self._now_us

    @property
    def definitions(self) -> Definitions:
        """What messages meet on their way, as of this transaction."""
        return self._definitions

    # --- records ---

    def take(self, records: Iterable[Record], ahead: Transformed | None = None) -> None:
        """Every message of the records, in order.

        ahead: made of the same records; taken if no definition has changed since.
        """
        if ahead is None or not ahead.definitions.are(self._definitions):
            ahead = transform_all(records, self._definitions)
        outcomes = self._settle_retries(ahead.outcomes)
        matches = self._match(outcomes)
        feedbacks = self._find_feedback(outcomes)
        for outcome in outcomes:
            if not isinstance(outcome, Valid):
                if isinstance(outcome, Failed):
                    self.fail(outcome)
                else:
                    self._change(outcome)
                continue
            self._land(outcome)
            self._profiles.apply(outcome)
            feedback = feedbacks.get(id(outcome))
            if feedback is not None:
                self._react(outcome, feedback)
            found = matches.get(id(outcome))
            if found is not None:
                self._deliver(outcome, found)

    def _settle_retries(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Take up further tries of failed records under their first receipt; drop those already settled."""
        retried = [o.origin.retry_of for o in outcomes if o.origin.retry_of]
        if not retried:
            return outcomes
        first_tries = failures.find_first_tries(self._connection, retried)
        kept: list[Outcome] = []
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

    def _match(self, outcomes: Iterable[Outcome]) -> "dict[int, _Looked]":
        """What event configurations say of each event that any of them looks at, and which are duplicates.

        The profiles that will be read are loaded, those that are changed among them.
        """
        found: dict[int, _Looked] = {}
        instances: list[tuple[int, str, str]] = []
        event_ids: dict[int, list[str]] = {}
        keys: dict[int, dict[tuple[str, str], None]] = {}
        related: dict[int, list[tuple[RelatedRows, Mapping[str, Any]]]] = {}
        interest_of, events = self._journeys.interest, self._events
        for outcome in outcomes:
            if not isinstance(outcome, Valid):
                if isinstance(outcome, Change):
                    keys.setdefault(outcome.scope_id, {})[outcome.primary] = None
                continue
            _, scope_id, _, schema, entity, _, _, identities, _ = outcome
            if schema.behaviour != "time-series":
                continue
            matched = events.match(scope_id, schema.schema_id, entity)
            considered = events.considered(scope_id, schema.schema_id)
            if not matched and considered is None:
                continue
            others = None
            if considered is not None and considered.has_others(matched):
                others = considered.digest
                self._sets[others] = considered.text
            event_id = event_key(entity["_id"])
            event_ids.setdefault(scope_id, []).append(event_id)
            named: list[tuple[EventConfiguration, str | None, Identity | None]] = []
            for configuration in matched:
                key = configuration.key(entity)
                identity = _identity_of(configuration, key)
                named.append((configuration, key, identity))
                if configuration.related:
                    related.setdefault(scope_id, []).extend((rows, entity) for rows in configuration.related)
                if not key:
                    continue
                _, _, _, journey_uids, reads_profile, _, _ = interest_of(scope_id, configuration.uid)
                for journey_uid in journey_uids:
                    instances.append((scope_id, journey_uid, key))  # faster for one or two
                if identity is not None and reads_profile:
                    # also those the event is about to link: the profile is read after it was applied
                    wanted = keys.setdefault(scope_id, {})
                    wanted[identity] = None
                    for other in identities:
                        wanted[other] = None
            # those found by the event id stand first
            has_id = (bool(matched) and matched[0].event_id is not None) or read_event_id(entity) is not None
            found[id(outcome)] = make(_Looked, (event_id, named, others, has_id))
        self._duplicates = {
            scope_id: decision_store.find_duplicates(
                self._connection, scope_id, ids, self._now_us // 1000 - DUPLICATE_WINDOW_MS
            )
            for scope_id, ids in event_ids.items()
        }
        for scope_id, people in keys.items():
            self._profiles.preload(scope_id, people)
        self._journeys.preload(instances)
        for scope_id, reads in related.items():
            self._world.preload_related(scope_id, reads)
        return found

    def _find_feedback(self, outcomes: Iterable[Outcome]) -> dict[int, Feedback]:
        """What the events say of messages of journeys; the instances that sent them are loaded."""
        found: dict[int, Feedback] = {}
        for outcome in outcomes:
            if not isinstance(outcome, Valid) or outcome.schema.behaviour != "time-series":
                continue
            feedback = read_feedback(outcome.entity)
            if feedback is not None:
                found[id(outcome)] = feedback
        if found:
            self._journeys.load(feedback.instance_id for feedback in found.values())
        return found

    def _react(self, valid: Valid, feedback: Feedback) -> None:
        """Give feedback on a message to the instance that sent it, and write down what came of it."""
        told = self._journeys.react(valid.scope_id, feedback, valid.entity)
        self._messages.hear(valid.scope_id, feedback, valid.entity)
        consent = consent_update(feedback, valid.entity)
        if consent is not None and valid.primary is not None:
            self._profiles.update(valid.scope_id, valid.primary, valid.dataset.id, [consent])
        namespace, identity_value = valid.primary if valid.primary is not None else (None, None)
        origin = valid.origin
        decisions = [{"event": "Reaction", "eventUid": REACTION, "messageId": feedback.message_id, **told}]
        self._decisions.append(
            (valid.scope_id, namespace, identity_value, event_key(valid.entity["_id"]), origin.inlet_id,
             origin.xaction_id, origin.received_at_ms, orjson.dumps(decisions).decode())
        )  # fmt: skip

    def _deliver(self, valid: Valid, looked: "_Looked") -> None:
        """Give an event to the journeys it concerns, and write down what was decided and why."""
        origin, scope_id, _, _, entity, line, primary, _, _ = valid
        inlet_id, _, xaction_id, received_at_ms, _ = origin
        event_id, matched, others, has_id = looked
        duplicates = self._duplicates[scope_id]
        this = (inlet_id, event_id)
        is_duplicate = this in duplicates
        duplicates.add(this)
        decisions: list[dict[str, Any]] = []
        for configuration, key, identity in matched:
            told: dict[str, Any] = {"event": configuration.name, "eventUid": configuration.uid}
            if configuration.type == "business":
                told["type"] = "business"
            else:
                told["key"] = key
                if configuration.supplemental is not None:
                    told |= _tell_supplemental(configuration, entity)
            refusal = None
            if not is_duplicate and (len(line) > MAX_EVENT_BYTES or configuration.max_age_ms is not None):
                refusal = self._refuse(configuration, valid)
            if is_duplicate:
                told["outcome"] = "duplicate"
                self._journeys.tally.discard_event(scope_id, configuration.uid, "duplicate")
            elif refusal is not None:
                told |= {"outcome": "refused", "reason": refusal}
                self._journeys.tally.discard_event(scope_id, configuration.uid, refusal)
            elif configuration.type == "business":
                heard = self._heard(configuration, entity)
                journeys = begin_runs(self._connection, self._live, scope_id, configuration.uid, heard, self._now_us)
                told["outcome"] = "matched" if journeys else NO_JOURNEY
                if journeys:
                    told["journeys"] = journeys
                else:
                    self._journeys.turn_away(configuration, key, f"{xaction_id}|{entity['_id']}")
            else:
                data = self._world.data(scope_id, identity)
                if not configuration.related:
                    self._journeys.texts[id(entity)] = entity, line
                journeys = self._journeys.receive(
                    make(Arrival, (
                        scope_id, configuration.uid, key, self._heard(configuration, entity), xaction_id,
                        received_at_ms, data,
                        None if configuration.supplemental is None else configuration.supplemental(entity), None,
                    ))
                )  # fmt: skip
                if journeys:
                    told["outcome"], told["journeys"] = "matched", journeys
                    self.matched_at_ms.append(received_at_ms)
                elif self._journeys.interest(scope_id, configuration.uid).every:
                    told |= {"outcome": "matched", "journeys": []}  # nobody whom it is about is inside
                else:
                    told["outcome"] = NO_JOURNEY
                    self._journeys.turn_away(configuration, key, f"{xaction_id}|{entity['_id']}")
            decisions.append(told)
        if others is not None:
            decisions.append({"set": others, "hasId": has_id})
        namespace, identity_value = primary if primary is not None else (None, None)
        text = orjson.dumps(decisions).decode()
        self._decisions.append(
            (scope_id, namespace, identity_value, event_id, inlet_id, xaction_id, received_at_ms, text)
        )

    def _heard(self, configuration: EventConfiguration, entity: dict[str, Any]) -> Mapping[str, Any]:
        """An event as journeys hear of it: with the rows of related schemas that its configuration reads."""
        related = configuration.related
        return self._world.with_related(configuration.scope_id, entity, related) if related else entity

    def _refuse(self, configuration: EventConfiguration, valid: Valid) -> str | None:
        """Why journeys don't hear of an event that matches, as a reason of its decision; None when they do."""
        if len(valid.line) > MAX_EVENT_BYTES:
            return "eventTooLarge"
        if configuration.max_age_ms is not None:
            age_ms = self._now_us // 1000 - epoch_ms(valid.entity["timestamp"])
            if age_ms > configuration.max_age_ms:
                return "eventTooOld"
        return None

    def _land(self, valid: Valid) -> None:
        origin, scope_id, dataset, _, entity, line, _, _, warnings = valid
        place = (scope_id, dataset.id)
        self.landed += 1
        lines = self._lines.get(place)
        if lines is None:
            lines = self._lines[place] = []
        lines.append(line)
        self._lookups.take(place, entity, line)
        delta = self._delta(scope_id, dataset.id, origin)
        delta.landed += 1
        delta.bytes_out += len(line)
        if warnings:
            delta.warnings += 1
        if origin.retry_of:
            self._settle_retry(delta, origin.retry_of)

    def _change(self, change: Change) -> None:
        """A message that changes profiles alone: nothing of it lands."""
        self._profiles.change(change)
        self.landed += 1
        delta = self._delta(change.scope_id, change.dataset.id, change.origin)
        if change.is_removal:
            delta.deleted += 1
        else:
            delta.updated += 1
        if change.warnings:
            delta.warnings += 1
        if change.origin.retry_of:
            self._settle_retry(delta, change.origin.retry_of)

    def _settle_retry(self, delta: flow_store.RunDelta, failed_id: int) -> None:
        """A failed record came to something at last."""
        delta.failed -= 1
        _count(delta.reasons, self._retried[failed_id], -1)
        failures.delete_failed(self._connection, failed_id)

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
        _, flow_id, _, received_at_ms, _ = origin
        received = (scope_id, flow_id, dataset_id, received_at_ms)
        receipt = self._receipts.get(received)
        if receipt is None:
            key = (scope_id, flow_id, dataset_id, received_at_ms - received_at_ms % flow_store.WINDOW_MS)
            delta = self._runs.get(key)
            if delta is None:
                delta = self._runs[key] = flow_store.RunDelta()
            receipt = self._receipts[received] = _Receipt(delta)
        receipt.count += 1
        return receipt.delta

    # --- what comes back to instances ---

    def wake(self, due: Sequence[journey_store.DueTimer]) -> None:
        """Timers whose time has come."""
        self._journeys.load(timer.instance_id for timer in due)
        for timer in due:
            self._journeys.wake(timer)

    def answer(self, answers: Sequence[ActionAnswer]) -> None:
        """Answers of actions; their outbox rows go."""
        self._journeys.load(answer.instance_id for answer in answers)
        for answer in answers:
            if answer.fetched is not None:
                self._journeys.take_data(answer.instance_id, answer.node_id, answer.pass_no, answer.fetched)
            else:
                self._journeys.answer(answer.instance_id, answer.node_id, answer.pass_no, answer.outcome)
            if answer.message is not None:
                self._note_message(answer.scope_id, answer.message)
        outbox.delete_answered(self._connection, [answer.outbox_id for answer in answers])

    def _note_message(self, scope_id: int, report: Report) -> None:
        """A message has left or could not: an event of the lake, and a reaction of the instance that sent it."""
        event = delivery_event(report, self._now_us)
        data_set_id = self._sources.feedback_data_set(self._connection, scope_id)
        self._lines.setdefault((scope_id, data_set_id), []).append(orjson.dumps(event))
        self._messages.report(scope_id, report)
        feedback = read_feedback(event)
        if feedback is None:
            return
        self._journeys.react(scope_id, feedback, event)
        if report.status == "delivered":  # what has arrived was sent, too
            self._journeys.react(scope_id, feedback._replace(status="sent"), event)

    def go_through(self, stop: journey_store.Stop, limit: int) -> int:
        """Take people out of a version, or let them go on after a pause, some at a time; how many they were."""
        connection = self._connection
        if stop.reason == journey_store.FORGET:
            gone = journey_store.forget_version(connection, stop.version_uid, limit, int(stop.after_key))
            if gone < limit:
                self._finish(stop)
            return gone
        is_resumption = stop.reason == journey_store.RESUMED
        inside = journey_store.list_inside(connection, stop, limit, PAUSED if is_resumption else None)
        if is_resumption:
            journey = self._live.get(stop.version_uid)
            if journey is not None:
                self._journeys.resume(journey, inside)
        else:
            journey = self._live.stopping.get(stop.version_uid) or self._live.get(stop.version_uid)
            unmovable = [one.id for one in inside]
            if journey is not None:
                unmovable = self._journeys.stop(journey, inside, stop.reason)
            journey_store.end_instances(connection, unmovable, self._now_us)
            left_without_step = frozenset(unmovable)
            for one in inside:
                if one.id in left_without_step:
                    self._journeys.tally.take_out(stop.scope_id, stop.version_uid, one.node_id)
        if len(inside) == limit:
            journey_store.move_stop(connection, stop, inside[-1].key)
        else:
            self._finish(stop)
        return len(inside)

    def _finish(self, stop: journey_store.Stop) -> None:
        if stop.reason != journey_store.RESUMED:  # a call may have been decided meanwhile
            outbox.drop_calls(self._connection, stop.scope_id, stop.version_uid)
        journey_store.finish_stop(self._connection, stop)

    def qualify(self, changes: Sequence[Qualification]) -> None:
        """Changes of memberships, in order, each to the journeys about a namespace the individual is known in."""
        for change in changes:
            uid = event_uid_of(change.audience_id)
            payload = payload_of(change.audience_id, change.status, change.at_us)
            identity = (change.namespace, change.identity)
            about = {
                canonical_namespace(j.namespace)
                for j in self._journeys.interest(change.scope_id, uid).every
                if j.namespace
            }
            journeys: list[dict[str, Any]] = []
            for namespace in sorted(about):
                key = self._world.key_in(change.scope_id, identity, namespace)
                if key is not None:
                    seed, data = (
                        f"{change.audience_id}|{change.seq}",
                        self._world.data(change.scope_id, (namespace, key)),
                    )
                    journeys += self._journeys.receive(
                        Arrival(change.scope_id, uid, key, payload, seed, change.at_us // 1000, data, None, namespace)
                    )
            told = {"event": "AudienceQualification", "eventUid": uid, "status": change.status, "journeys": journeys}
            told["outcome"] = "matched" if journeys else "NO_INTERESTED_JOURNEYS_FOR_SEGMENTMEMBERSHIP_EVENT"
            self._note_qualification(change, told)

    def _note_qualification(self, change: Qualification, told: Mapping[str, Any]) -> None:
        self._decisions.append(
            (change.scope_id, change.namespace, change.identity, f"{change.audience_id}-{change.seq}", AUDIENCES, "",
             change.at_us // 1000, orjson.dumps([told]).decode())
        )  # fmt: skip

    def read_audiences(self, limit: int, pace: ReadingPace) -> int:
        """Members of audiences enter; how many were read."""
        return self._audience_runs(pace).take(limit)

    def read_one(self, run_id: str, limit: int, pace: ReadingPace) -> int:
        """As `read_audiences`, for one run."""
        return self._audience_runs(pace).take(limit, only=run_id)

    def _audience_runs(self, pace: ReadingPace) -> AudienceRuns:
        source = self._sources.audience_source
        return AudienceRuns(self._connection, self._live, self._journeys, source, self._now_us, pace)

    # --- what the code can't process ---

    def fail_timer(self, timer: journey_store.DueTimer) -> None:
        """End the instance of a timer that the code can't wake."""
        journey_store.delete_timers(self._connection, [timer[:3]])
        self._fail(timer.instance_id)

    def fail_answer(self, answer: ActionAnswer) -> None:
        """End the instance whose answer the code can't take."""
        outbox.delete_answered(self._connection, [answer.outbox_id])
        self._fail(answer.instance_id)

    def fail_qualification(self, change: Qualification, fault: Exception) -> None:
        """Write down that journeys did not hear of a change of an audience."""
        told = {
            "event": "AudienceQualification", "eventUid": event_uid_of(change.audience_id), "status": change.status,
            "outcome": "error", "reason": INTERNAL, "fault": type(fault).__name__,
        }  # fmt: skip
        self._journeys.tally.discard_event(change.scope_id, event_uid_of(change.audience_id), INTERNAL_ERROR)
        self._note_qualification(change, told)

    def fail_first(self, stop: journey_store.Stop) -> int:
        """Let the first one go whom the code can't take out of a version, nor let go on; 0 when nobody is left."""
        is_resumption = stop.reason == journey_store.RESUMED
        waiting_for = PAUSED if is_resumption else None
        inside = journey_store.list_ids_inside(self._connection, stop, 1, waiting_for)
        for instance_id, key in inside:
            self._fail(instance_id)
            journey_store.move_stop(self._connection, stop, key)
        if not inside:
            self._finish(stop)
        return len(inside)

    def pass_over(self, run_id: str, *, is_given_up: bool) -> int:
        """Leave out the member whom the code can't let enter, or give up the run; how many members were left out."""
        runs = self._audience_runs(ReadingPace())
        if not self.is_telling:
            return runs.break_off(run_id)
        return runs.pass_over(run_id, is_given_up=is_given_up)

    def _fail(self, instance_id: str) -> None:
        if self.is_telling and self._journeys.fail(instance_id):
            return
        place = journey_store.find_place(self._connection, instance_id)
        if place is not None:
            journey_store.end_instances(self._connection, [instance_id], self._now_us, "error")
            self._journeys.tally.take_out(*place, "error", INTERNAL_ERROR)

    # --- the end ---

    def flush(self) -> Any:
        """Write everything; the identity links written, to be remembered after the commit."""
        connection = self._connection
        links = self._profiles.flush()
        journeys = self._journeys
        journeys.flush()
        outbox.enqueue(connection, journeys.calls, self._now_us)
        self._lookups.flush(connection, self._now_us)
        self._messages.flush(connection, self._now_us // 1000)
        decision_store.insert_decisions(connection, self._decisions)
        decision_store.note_sets(connection, self._sets, self._now_us // 1000)
        failures.insert_failed(connection, self._failures)
        for scope_id, lines in journeys.step_lines.items():
            self._lines.setdefault((scope_id, self._sources.step_data_set(connection, scope_id)), []).extend(lines)
        for (scope_id, dataset_id), lines in self._lines.items():
            stage(connection, scope_id, dataset_id, lines)
        for (_, _, _, received_at_ms), receipt in self._receipts.items():
            receipt.delta.note_received(received_at_ms, self._now_us // 1000, receipt.count)
        for (scope_id, flow_id, dataset_id, window_ms), delta in self._runs.items():
            if flow_id:
                flow_store.add_to_run(connection, scope_id, flow_id, window_ms, delta)
            catalog_store.add_to_batch(connection, scope_id, dataset_id, flow_id, window_ms, delta)
        return links


def _identity_of(configuration: EventConfiguration, key: str | None) -> Identity | None:
    if configuration.namespace is None or not key:
        return None
    return canonical_namespace(configuration.namespace), key


def _tell_supplemental(configuration: EventConfiguration, entity: Mapping[str, Any]) -> dict[str, Any]:
    """The supplemental ids of an event, and how many more it had than are taken."""
    ids = configuration.supplemental(entity)  # type: ignore[misc]  # the caller has looked
    told: dict[str, Any] = {"supplementalIds": ids}
    if len(ids) == MAX_SUPPLEMENTAL_IDS:
        left_out = configuration.count_supplemental(entity) - len(ids)  # type: ignore[misc]  # they come together
        if left_out:
            told["supplementalIdsLeftOut"] = left_out
    return told


def _count(counts: dict[str, int], key: str, difference: int) -> None:
    counts[key] = counts.get(key, 0) + difference
