"""Expectations about a simulated world, and what to say when another thing is seen."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.crowd import Known, find_audience
from parcours.journeys.model import InstanceStatus
from parcours.journeys.moments import moment_text, read_moment
from parcours.journeys.outcome import path_of
from parcours.journeys.runs_store import AudienceRun, RunStatus
from parcours.journeys.seen import InstanceRecord, SentCall
from parcours.journeys.simulate import World
from parcours.journeys.stubs import is_part
from parcours.kit.errors import Invalid

STATUSES: tuple[InstanceStatus, ...] = ("active", "ended", "error", "timedout", "stopped", "exited")
RUN_STATUSES: tuple[RunStatus, ...] = ("queued", "started", "finished", "failed", "skipped")
_COUNT: Mapping[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {"min": {"type": "integer", "minimum": 0}, "max": {"type": "integer", "minimum": 0}},
        },
    ]
}
_COUNTS = {"type": "object", "additionalProperties": {"$ref": "#/$defs/count"}}
_NODES = {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]}
_VERBS: Mapping[str, Mapping[str, Any]] = {
    "at": {"type": "string", "description": "The node where the customer is."},
    "status": {"enum": list(STATUSES), "description": "Where the customer's instance stands, or how it ended."},
    "path": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The whole way: node ids; one not left by its default way has it behind a colon.",
    },
    "visited": {**_NODES, "description": "Nodes the customer came to."},
    "notVisited": {**_NODES, "description": "Nodes the customer never came to."},
    "called": {"type": "string", "description": "An action that was called; times, parameters and sentAt narrow it."},
    "notCalled": {"type": "string", "description": "An action that was not called; parameters narrow it."},
    "entered": {"$ref": "#/$defs/count", "description": "How often the customer entered; without one, all entrances."},
    "refused": {
        "anyOf": [{"type": "string"}, {"const": False}],
        "description": "The reason an entrance was refused for; false: none was.",
    },
    "run": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "description": "A reading of the audience: there is one with all of these.",
        "properties": {
            "number": {"type": "integer", "minimum": 1, "description": "1 for the first one."},
            "wave": {"type": "integer", "minimum": 0, "description": "0 for the first or only wave."},
            "status": {"enum": list(RUN_STATUSES)},
            "read": {"$ref": "#/$defs/count", "description": "How many members were read."},
            "entered": {"$ref": "#/$defs/count", "description": "How many of them entered."},
            "dueAt": {"type": "string", "description": "When it is due, such as +2d from the beginning."},
            "startedAt": {"type": "string", "description": "When it began."},
            "reason": {"type": "string", "description": "Why it was skipped, or failed."},
        },
    },
    "runs": {"$ref": "#/$defs/count", "description": "How many readings of the audience have begun."},
    "inAudience": {"type": "string", "description": "The customer is in an audience, by its name or id."},
    "notInAudience": {"type": "string", "description": "The customer is not in it."},
    "counts": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "description": "Totals over everybody.",
        "properties": {
            "entered": {"$ref": "#/$defs/count"},
            "nodes": {**_COUNTS, "description": "How many instances came to a node, by its id."},
            "now": {**_COUNTS, "description": "How many are at a node."},
            "left": {**_COUNTS, "description": "How many left a node by a way, such as gold:path:vip."},
            "status": {**_COUNTS, "description": "How many stand or ended so."},
            "calls": {**_COUNTS, "description": "How often an action was called."},
            "refused": {**_COUNTS, "description": "How many entrances were refused, by reason."},
        },
    },
}
_NARROWED = {"called": ("times", "parameters", "sentAt"), "notCalled": ("parameters",)}
_MODIFIERS: Mapping[str, Any] = {
    "times": {"$ref": "#/$defs/count", "description": "Of `called`: how often; at least once when left out."},
    "parameters": {"type": "object", "description": "Values by paramPath that a call must have; others may have any."},
    "sentAt": {"type": "string", "description": "Of `called`: when, such as +2d from the beginning."},
    "customer": {"type": "string", "description": "The key; needed when there are several."},
    "journey": {"type": "string", "description": "The name of the journey; the one under test when left out."},
}
EXPECTATION_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {**_VERBS, **_MODIFIERS},
    "oneOf": [{"required": [verb]} for verb in _VERBS],
}
COUNT_SCHEMA = _COUNT


class ExpectationInvalid(Invalid):
    """A document that is no expectation."""


def fault_of(world: World, expectation: Mapping[str, Any], start_us: int, audiences: Known | None = None) -> str | None:
    """What was seen instead; None when it is as expected. Raises ExpectationInvalid, MomentInvalid.

    start_us: where offsets such as `+2d` count from. audiences: those there are, by name and by id.
    """
    verb = shape_fault(expectation)
    return _CHECKS[verb](_View(world, expectation, start_us, audiences or {}), expectation[verb])


def shape_fault(expectation: Mapping[str, Any]) -> str:
    """The one verb of an expectation. Raises ExpectationInvalid."""
    verbs = [name for name in expectation if name in _VERBS]
    if len(verbs) != 1:
        raise ExpectationInvalid(f"an expectation has one of {', '.join(_VERBS)}")
    (verb,) = verbs
    for name in expectation:
        if name != verb and name not in ("customer", "journey", *_NARROWED.get(verb, ())):
            raise ExpectationInvalid(f"{name!r} means nothing beside {verb!r}", f"$.{name}")
    return verb


class _View:
    """What one expectation is about."""

    def __init__(self, world: World, expectation: Mapping[str, Any], start_us: int, audiences: Known) -> None:
        self.audiences = audiences
        self.world = world
        self.expectation = expectation
        self.start_us = start_us
        self.journey = world.journeys[0]
        name = expectation.get("journey")
        if name is not None:
            found = [journey for journey in world.journeys if journey.name == name]
            if not found:
                known = ", ".join(journey.name for journey in world.journeys)
                raise ExpectationInvalid(f"no journey is called {name!r}; there are: {known}", "$.journey")
            self.journey = found[0]
        self.records = [record for record in world.records if record.journey is self.journey]
        self.customer: str | None = expectation.get("customer")
        if self.customer is not None:
            self.records = [record for record in self.records if record.instance.key == self.customer]

    def latest(self) -> InstanceRecord | str:
        """The customer's latest instance, or why there is none."""
        if self.customer is None:
            keys = list(dict.fromkeys(record.instance.key for record in self.records))
            if len(keys) > 1:
                shown = ", ".join(keys[:5]) + (" …" if len(keys) > 5 else "")
                raise ExpectationInvalid(f"say which customer is meant; {len(keys)} entered: {shown}", "$.customer")
        if self.records:
            return self.records[-1]
        who = "nobody" if self.customer is None else f"{self.customer} never"
        reasons = list(self.refused_reasons())
        more = f"; refused: {', '.join(reasons)}" if reasons else ""
        unheard = "" if self.world.received else "; no event was recognised"
        return f"{who} entered “{self.journey.name}”{more}{unheard}"

    def refused_reasons(self) -> Iterable[str]:
        for one in (*self.world.received, *self.world.turned_away):
            if self.customer is not None and one.key != self.customer:
                continue
            for told in one.journeys:
                if told["outcome"] == "refused" and told["versionUid"] == self.journey.version_uid:
                    yield told["reason"]

    def calls(self, action: str | None = None) -> list[SentCall]:
        found = [s for r in self.records for s in r.sent if s.url is not None and action in (None, s.action_name)]
        return sorted(found, key=lambda sent: sent.at_us)

    def know_node(self, node_id: str) -> None:
        """Raises ExpectationInvalid for a node the journey doesn't have: such an expectation could never hold."""
        if node_id not in self.journey.nodes:
            known = ", ".join(self.journey.nodes)
            raise ExpectationInvalid(f"“{self.journey.name}” has no node {node_id!r}; it has: {known}")

    def know_action(self, name: str) -> None:
        """Raises ExpectationInvalid for an action no node of the journey calls."""
        known = {getattr(node, "action_name", None) for node in self.journey.nodes.values()} - {None}
        if name not in known:
            names = ", ".join(sorted(map(str, known))) or "none"
            raise ExpectationInvalid(f"“{self.journey.name}” calls no action {name!r}; it calls: {names}")


def where(record: InstanceRecord) -> str:
    """Where an instance is, and how it came there."""
    instance = record.instance
    way = " → ".join(path_of(record)) or "the entry"
    if instance.node_id is None:
        at = record.steps[-1].at_us if record.steps else instance.entered_at_us
        return f"{instance.key} left as {instance.status} at {moment_text(at)}, after {way}"
    due = record.timers.get((instance.node_id, instance.pass_no))
    until = "" if due is None else f" until {moment_text(due)}"
    return f"{instance.key} is at {instance.node_id!r} (waits for {instance.waiting_for}{until}), after {way}"


def _check_at(view: _View, node_id: str) -> str | None:
    view.know_node(node_id)
    record = view.latest()
    if isinstance(record, str):
        return f"expected somebody at {node_id!r}, but {record}"
    return None if record.instance.node_id == node_id else f"expected at {node_id!r}, but {where(record)}"


def _check_status(view: _View, status: str) -> str | None:
    record = view.latest()
    if isinstance(record, str):
        return f"expected status {status}, but {record}"
    if record.instance.status == status:
        return None
    error = record.instance.last_error
    why = f"; last error: {error['nodeId']} {error['code']}" if error else ""
    return f"expected status {status}, but {where(record)}{why}"


def _check_path(view: _View, path: list[str]) -> str | None:
    for place in path:
        view.know_node(place.partition(":")[0])
    record = view.latest()
    if isinstance(record, str):
        return f"expected the path {' → '.join(path)}, but {record}"
    seen = list(path_of(record))
    if seen == path:
        return None
    same = next((i for i, (a, b) in enumerate(zip(path, seen, strict=False)) if a != b), min(len(path), len(seen)))
    wanted = path[same] if same < len(path) else "the end"
    found = seen[same] if same < len(seen) else "the end"
    return (
        f"expected the path {' → '.join(path)}\n     but it was {' → '.join(seen)}\n"
        f"they part at place {same + 1}: expected {wanted}, seen {found}"
    )


def _visited(record: InstanceRecord) -> set[str | None]:
    return {step.node_id for step in record.steps} | {record.instance.node_id}


def _check_visited(view: _View, nodes: Any) -> str | None:
    wanted = [nodes] if isinstance(nodes, str) else list(nodes)
    for node_id in wanted:
        view.know_node(node_id)
    record = view.latest()
    if isinstance(record, str):
        return f"expected a visit of {', '.join(wanted)}, but {record}"
    missed = [node_id for node_id in wanted if node_id not in _visited(record)]
    return f"never came to {', '.join(missed)}: {where(record)}" if missed else None


def _check_not_visited(view: _View, nodes: Any) -> str | None:
    unwanted = [nodes] if isinstance(nodes, str) else list(nodes)
    for node_id in unwanted:
        view.know_node(node_id)
    record = view.latest()
    if isinstance(record, str):
        return None
    came = [node_id for node_id in unwanted if node_id in _visited(record)]
    return f"came to {', '.join(came)}: {where(record)}" if came else None


def _check_called(view: _View, action: str) -> str | None:
    view.know_action(action)
    wanted = view.expectation.get("parameters")
    sent_at = view.expectation.get("sentAt")
    at_us = None if sent_at is None else read_moment(sent_at, view.start_us)
    times = view.expectation.get("times", {"min": 1})
    calls = view.calls(action)
    fitting = [
        sent
        for sent in calls
        if (wanted is None or is_part(wanted, sent.parameters)) and (at_us is None or sent.at_us == at_us)
    ]
    if _fits(times, len(fitting)):
        return None
    narrowed = (f" with {_json(wanted)}" if wanted is not None else "") + (
        f" at {moment_text(at_us)}" if at_us is not None else ""
    )
    lines = [f"expected {action} called {_often(times)}{narrowed}, but it was {_times(len(fitting))}"]
    if narrowed and calls:
        lines.append(f"{_times(len(calls))} in all:")
    lines += [f"  {_call(sent, wanted)}" for sent in calls[:10]]
    if len(calls) > 10:
        lines.append(f"  … {len(calls) - 10} more")
    if not calls:
        others = Counter(sent.action_name for sent in view.calls())
        if others:
            lines.append("called were: " + ", ".join(f"{name} {_times(count)}" for name, count in others.items()))
        lines += [f"  {where(record)}" for record in view.records[-3:]]
        if not view.records:
            lines.append(f"  {view.latest()}")
    return "\n".join(lines)


def _check_not_called(view: _View, action: str) -> str | None:
    view.know_action(action)
    wanted = view.expectation.get("parameters")
    calls = [sent for sent in view.calls(action) if wanted is None or is_part(wanted, sent.parameters)]
    if not calls:
        return None
    lines = [f"expected no call of {action}, but it was called {_times(len(calls))}:"]
    return "\n".join([*lines, *(f"  {_call(sent, None)}" for sent in calls[:10])])


def _check_entered(view: _View, wanted: Any) -> str | None:
    count = len(view.records)
    if _fits(wanted, count):
        return None
    reasons = Counter(view.refused_reasons())
    more = "; refused: " + ", ".join(f"{r} {_times(n)}" for r, n in reasons.items()) if reasons else ""
    return f"expected {_words(wanted)} entrances, but there were {count}{more}"


def _check_run(view: _View, wanted: Mapping[str, Any]) -> str | None:
    moments = {name: read_moment(wanted[name], view.start_us) for name in ("dueAt", "startedAt") if name in wanted}
    runs = view.world.runs(view.journey)
    if any(_is_run(run, wanted, moments) for run in runs):
        return None
    told = ", ".join(f"{name} {_words(value)}" for name, value in wanted.items())
    lines = [f"expected a run with {told}, but there {_runs_words(len(runs))}"]
    lines += [f"  {_run(run)}" for run in runs[:20]]
    if len(runs) > 20:
        lines.append(f"  … {len(runs) - 20} more")
    return "\n".join(lines)


def _is_run(run: AudienceRun, wanted: Mapping[str, Any], moments: Mapping[str, int]) -> bool:
    seen = {"number": run.number, "wave": run.wave, "status": run.status, "reason": run.reason}
    counts = {"read": run.read_count, "entered": run.entered_count}
    at = {"dueAt": run.due_at_us, "startedAt": run.started_at_us}
    return (
        all(wanted[name] == value for name, value in seen.items() if name in wanted)
        and all(_fits(wanted[name], count) for name, count in counts.items() if name in wanted)
        and all(at[name] == moment for name, moment in moments.items())
    )


def _run(run: AudienceRun) -> str:
    wave = f", wave {run.wave}" if run.wave else ""
    why = f" ({run.reason})" if run.reason else ""
    began = "" if run.started_at_us is None else f", begun {moment_text(run.started_at_us)}"
    counts = f"{run.read_count} read, {run.entered_count} entered"
    return f"run {run.number}{wave}: {run.status}{why}, due {moment_text(run.due_at_us)}{began}, {counts}"


def _runs_words(count: int) -> str:
    return {0: "is none", 1: "is one"}.get(count, f"are {count}")


def _check_runs(view: _View, wanted: Any) -> str | None:
    runs = view.world.runs(view.journey)
    begun = sum(run.started_at_us is not None for run in runs)
    if _fits(wanted, begun):
        return None
    lines = [f"expected {_words(wanted)} runs begun, but there {_runs_words(begun)}"]
    return "\n".join([*lines, *(f"  {_run(run)}" for run in runs[:20])])


def _is_member(view: _View, name: str) -> bool:
    audience = find_audience(view.audiences, name)
    if view.customer is None:
        raise ExpectationInvalid("say of which customer", "$")
    identity = (canonical_namespace(view.journey.namespace or audience.namespace), view.customer)
    return bool(view.world.audiences_of(identity, [audience.id]))


def _check_in_audience(view: _View, name: str) -> str | None:
    return None if _is_member(view, name) else f"expected {view.customer} in {name!r}, but they are not"


def _check_not_in_audience(view: _View, name: str) -> str | None:
    return f"expected {view.customer} not in {name!r}, but they are" if _is_member(view, name) else None


def _check_refused(view: _View, wanted: Any) -> str | None:
    reasons = Counter(view.refused_reasons())
    seen = ", ".join(f"{reason} {_times(count)}" for reason, count in reasons.items()) or "none"
    if wanted is False:
        return f"expected no refused entrance, but: {seen}" if reasons else None
    return None if wanted in reasons else f"expected an entrance refused as {wanted}, but refused were: {seen}"


def _check_counts(view: _View, wanted: Mapping[str, Any]) -> str | None:
    seen = _count(view)
    faults: list[str] = []
    for what, expected in wanted.items():
        if what == "entered":
            if not _fits(expected, len(view.records)):
                faults.append(f"entered: expected {_words(expected)}, seen {len(view.records)}")
            continue
        for name, number in expected.items():
            if what in ("nodes", "now", "left"):
                view.know_node(name.partition(":")[0])
            if not _fits(number, seen[what][name]):
                others = ", ".join(f"{other} {count}" for other, count in seen[what].most_common(8)) or "nothing"
                faults.append(f"{what} of {name}: expected {_words(number)}, seen {seen[what][name]} (all: {others})")
    return "\n".join(faults) or None


def _count(view: _View) -> dict[str, Counter[str]]:
    records = view.records
    return {
        "nodes": Counter(n for r in records for n in _visited(r) if n is not None),
        "now": Counter(r.instance.node_id for r in records if r.instance.node_id is not None),
        "left": Counter(f"{s.node_id}:{s.transition}" for r in records for s in r.steps if s.transition is not None),
        "status": Counter(r.instance.status for r in records),
        "calls": Counter(sent.action_name for sent in view.calls()),
        "refused": Counter(view.refused_reasons()),
    }


_CHECKS: dict[str, Callable[[_View, Any], str | None]] = {
    "at": _check_at,
    "status": _check_status,
    "path": _check_path,
    "visited": _check_visited,
    "notVisited": _check_not_visited,
    "called": _check_called,
    "notCalled": _check_not_called,
    "entered": _check_entered,
    "refused": _check_refused,
    "run": _check_run,
    "runs": _check_runs,
    "inAudience": _check_in_audience,
    "notInAudience": _check_not_in_audience,
    "counts": _check_counts,
}


def _fits(wanted: Any, count: int) -> bool:
    if isinstance(wanted, Mapping):
        return bool(wanted.get("min", 0) <= count <= wanted.get("max", count))
    return bool(wanted == count)


def _words(wanted: Any) -> str:
    if not isinstance(wanted, Mapping):
        return str(wanted)
    if "min" in wanted and "max" in wanted:
        return f"{wanted['min']} to {wanted['max']}"
    return f"at least {wanted['min']}" if "min" in wanted else f"at most {wanted['max']}"


def _often(wanted: Any) -> str:
    if not isinstance(wanted, Mapping):
        return _times(wanted)
    if "min" in wanted and "max" in wanted:
        return f"{wanted['min']} to {wanted['max']} times"
    return f"at least {_times(wanted['min'])}" if "min" in wanted else f"at most {_times(wanted['max'])}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _call(sent: SentCall, wanted: Mapping[str, Any] | None) -> str:
    told = (
        f"at {moment_text(sent.at_us)} by {sent.node_id!r}: {_json(sent.parameters)} → {sent.status_code or 'pending'}"
    )
    if wanted is None:
        return told
    others = [
        f"{name} is {_json(sent.parameters[name])}, not {_json(value)}"
        if name in sent.parameters
        else f"{name} is not there"
        for name, value in wanted.items()
        if name not in sent.parameters or not is_part(value, sent.parameters[name])
    ]
    return f"{told}  [{'; '.join(others)}]" if others else told


def _json(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 300 else text[:300] + "…"
