"""What came of a simulation: paths, counts, calls, refusals, and what was never reached. Plain JSON values."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import StepEvent
from parcours.journeys.moments import moment_text
from parcours.journeys.seen import InstanceRecord, Received, SentCall
from parcours.journeys.simulate import World
from parcours.journeys.steps import to_document

if TYPE_CHECKING:  # see simulate.py
    from parcours.journeys.runs_store import AudienceRun

Edge = tuple[str, str, str]
"""(from, transition, to)."""


class Coverage(NamedTuple):
    """Which of a journey's nodes and edges somebody came to."""

    nodes: frozenset[str]
    edges: frozenset[Edge]
    reached_nodes: frozenset[str]
    reached_edges: frozenset[Edge]

    def __or__(self, other: "Coverage") -> "Coverage":
        """Reached in either of two runs of one journey."""
        return Coverage(
            self.nodes | other.nodes,
            self.edges | other.edges,
            self.reached_nodes | other.reached_nodes,
            self.reached_edges | other.reached_edges,
        )

    @property
    def missed_nodes(self) -> list[str]:
        """Nodes nobody came to."""
        return sorted(self.nodes - self.reached_nodes)

    @property
    def missed_edges(self) -> list[Edge]:
        """Edges nobody went along."""
        return sorted(self.edges - self.reached_edges)

    @property
    def percent(self) -> float:
        """Reached nodes and edges of all."""
        total = len(self.nodes) + len(self.edges)
        return 100.0 * (len(self.reached_nodes) + len(self.reached_edges)) / total if total else 100.0

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "percent": round(self.percent, 2),
            "missedNodes": self.missed_nodes,
            "missedEdges": [{"from": a, "transition": by, "to": b} for a, by, b in self.missed_edges],
        }


def edges_of(journey: CompiledJourney) -> frozenset[Edge]:
    """Every edge of a journey."""
    return frozenset(
        (node.id, transition, target.id) for node in journey.nodes.values() for transition, target in node.exits.items()
    )


def coverage_of(journey: CompiledJourney, records: Iterable[InstanceRecord]) -> Coverage:
    """What the instances of one journey reached."""
    nodes, edges = frozenset(journey.nodes), edges_of(journey)
    seen = {(s.node_id, s.transition) for r in records if r.journey is journey for s in r.steps}
    at = {r.instance.node_id for r in records if r.journey is journey}
    reached = {node_id for node_id, _ in seen} | (at & nodes)
    passed = {edge for edge in edges if edge[:2] in seen}
    return Coverage(nodes, edges, frozenset(reached & nodes), frozenset(passed))  # type: ignore[arg-type]


def path_of(record: InstanceRecord) -> tuple[str, ...]:
    """The way of an instance, as `way` tells it."""
    return way(record.steps, record.instance.node_id, record.instance.pass_no)


def way(steps: Iterable[StepEvent], node_id: str | None, pass_no: int) -> tuple[str, ...]:
    """The way that steps tell, such as ("order", "gold:path:vip", "pause"): nodes, with how they were left.

    A node left by its default way, and the one where the instance is or ended, stand alone.
    node_id, pass_no: where the instance is; None when it has left.
    """
    found: dict[int, str] = {}
    for step in steps:
        by = step.transition
        found[step.pass_no] = step.node_id if by in (None, "default") else f"{step.node_id}:{by}"
    if node_id is not None:
        found.setdefault(pass_no, node_id)
    return tuple(found[number] for number in sorted(found))


def end_of(record: InstanceRecord) -> str:
    """How an instance stands: `active`, or how it ended, `ended`, `error`, `timedout` …"""
    return record.instance.status


def show_call(sent: SentCall) -> dict[str, Any]:
    """A call for programs; absent members are left out."""
    shown = {
        "at": moment_text(sent.at_us),
        "nodeId": sent.node_id,
        "action": sent.action_name,
        "parameters": dict(sent.parameters),
        "path": sent.path,
        "method": sent.method,
        "url": sent.url,
        "answeredAt": None if sent.answered_us is None else moment_text(sent.answered_us),
        "statusCode": sent.status_code,
    }
    return {name: value for name, value in shown.items() if value is not None}


def show_record(record: InstanceRecord) -> dict[str, Any]:
    """One instance with its way, its calls and every step."""
    instance = record.instance
    last = record.steps[-1] if record.steps else None
    shown: dict[str, Any] = {
        "journey": record.journey.name,
        "instanceId": instance.id,
        "key": instance.key,
        "namespace": instance.namespace,
        "enteredAt": moment_text(instance.entered_at_us),
        "status": instance.status,
        "nodeId": instance.node_id,
        "waitingFor": instance.waiting_for,
        "path": list(path_of(record)),
        "calls": [show_call(sent) for sent in record.sent],
        "steps": [to_document(step) for step in record.steps],
    }
    if instance.node_id is None and last is not None:
        shown["endedAt"] = moment_text(last.at_us)
    return {name: value for name, value in shown.items() if value is not None}


def show_run(run: "AudienceRun") -> dict[str, Any]:
    """One reading of an audience; absent members are left out."""
    shown = {
        "number": run.number,
        "wave": run.wave,
        "status": run.status,
        "dueAt": moment_text(run.due_at_us),
        "startedAt": None if run.started_at_us is None else moment_text(run.started_at_us),
        "finishedAt": None if run.finished_at_us is None else moment_text(run.finished_at_us),
        "read": run.read_count,
        "entered": run.entered_count,
        "reason": run.reason,
    }
    return {name: value for name, value in shown.items() if value is not None}


def traced(record: InstanceRecord) -> dict[str, Any]:
    """An instance in the form of `journeys.trace`, whose page and tree then show it."""
    instance = record.instance
    return {
        "id": instance.id,
        "journeyUid": instance.journey_uid,
        "versionUid": instance.version_uid,
        "journey": record.journey.name,
        "key": instance.key,
        "namespace": instance.namespace,
        "status": instance.status,
        "nodeId": instance.node_id,
        "waitingFor": instance.waiting_for,
        "enteredAtUs": instance.entered_at_us,
        "timers": [
            {"nodeId": node_id, "pass": pass_no, "dueAtUs": due_at_us}
            for (node_id, pass_no), due_at_us in sorted(record.timers.items(), key=lambda item: item[1])
        ],
        "steps": [to_document(step) for step in record.steps],
    }


def trace_of(world: World, key: str) -> dict[str, Any]:
    """Everything about one key, in the form of `GET /journey/orchestration/trace`: newest first."""
    every = (*world.received, *world.turned_away)
    received = sorted((one for one in every if one.key == key), key=lambda one: one.at_us)
    records = [record for record in world.records if record.instance.key == key]
    namespaces = dict.fromkeys(
        [*(one.namespace for one in received), *(record.instance.namespace for record in records)]
    )
    return {
        "identities": [{"namespace": namespace, "id": key} for namespace in namespaces],
        "events": [_decided(one) for one in reversed(received)],
        "instances": [traced(record) for record in reversed(records)],
    }


def _decided(one: Received) -> dict[str, Any]:
    told: dict[str, Any] = {"event": one.event, "eventUid": one.event_uid, "key": one.key, "outcome": one.outcome}
    if one.journeys:
        told["journeys"] = list(one.journeys)
    if one.reason is not None:
        told["reason"] = one.reason
    event_id = one.event_id if one.event_id is not None else one.event
    return {"eventId": event_id, "receivedTimeMs": one.at_us // 1000, "decisions": [told]}


def refusals(world: World, journey: CompiledJourney) -> Iterator[tuple[Received, str]]:
    """(event, reason) of every entrance to a journey that was refused; then those of members that runs read."""
    for one in (*world.received, *world.turned_away):
        for told in one.journeys:
            if told["outcome"] == "refused" and told["versionUid"] == journey.version_uid:
                yield one, told["reason"]


def summary(world: World, journey: CompiledJourney) -> dict[str, Any]:
    """Counts of one journey: entrances, nodes, edges, paths, ends, calls, refusals; and its coverage."""
    records = [record for record in world.records if record.journey is journey]
    entered_nodes: Counter[str] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for record in records:
        stays: dict[int, str] = {}
        for step in record.steps:
            stays[step.pass_no] = step.node_id
            if step.transition is not None:
                left[step.node_id, step.transition] += 1
        if record.instance.node_id is not None:
            stays.setdefault(record.instance.pass_no, record.instance.node_id)
        entered_nodes.update(stays.values())
    now_at = Counter(r.instance.node_id for r in records if r.instance.node_id is not None)
    calls = Counter((s.action_name, s.status_code or "pending") for r in records for s in r.sent)
    return {
        "journey": journey.name,
        "version": journey.version,
        "customers": len({record.instance.key for record in records}),
        "entered": len(records),
        "refused": dict(Counter(reason for _, reason in refusals(world, journey)).most_common()),
        "ended": dict(Counter(end_of(record) for record in records).most_common()),
        "nodes": [
            {
                "id": node.id,
                "name": node.name,
                "type": node.node_type,
                "entered": entered_nodes[node.id],
                "now": now_at[node.id],
                "left": {by: left[node.id, by] for by in node.exits},
            }
            for node in journey.nodes.values()
        ],
        "paths": _paths(records),
        "calls": [
            {"action": name, "statusCode": status, "count": count}
            for (name, status), count in sorted(calls.items())
        ],
        **({} if journey.audience_read is None else {"runs": [show_run(run) for run in world.runs(journey)]}),
        "coverage": coverage_of(journey, records).to_json(),
    }  # fmt: skip


def _paths(records: Sequence[InstanceRecord]) -> list[dict[str, Any]]:
    """Every way that somebody went, the commonest first."""
    counts = Counter((path_of(record), end_of(record)) for record in records)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"path": list(path), "status": status, "count": count} for (path, status), count in ordered]


def report(world: World, start_us: int, details: bool = True) -> dict[str, Any]:
    """The whole outcome. details: with every customer and event, not only counts."""
    outcomes = Counter(one.outcome for one in world.received)
    found: dict[str, Any] = {
        "start": moment_text(start_us),
        "end": moment_text(world.clock.at_us),
        "events": {**outcomes, "notMatched": world.unmatched},
        "journeys": [summary(world, journey) for journey in world.journeys],
    }
    if details:
        found["instances"] = [show_record(record) for record in world.records]
        found["refusals"] = [
            {"at": moment_text(one.at_us), "event": one.event, "key": one.key, "journey": j.name, "reason": reason}
            for j in world.journeys
            for one, reason in refusals(world, j)
        ]
    return found


def lines(world: World) -> Iterator[Mapping[str, Any]]:
    """An instance a line."""
    return (show_record(record) for record in world.records)
