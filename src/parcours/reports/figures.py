"""From counters to a report: pure, whatever hours the counters are of. Source: journeys §13.3."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from parcours.journeys.activities.listener import race_id
from parcours.journeys.counters import Count, outcome_of, percentile
from parcours.journeys.naming import names_of_nodes
from parcours.journeys.surroundings import Arrow, arrows_of, races_of

Family = Literal["action", "event", "orchestration"]
FAMILIES: Mapping[str, Family] = {
    "event": "event",
    "businessEvent": "event",
    "audienceQualification": "event",
    "reaction": "event",
    "customAction": "action",
    "message": "action",
    "jump": "action",
    "updateProfile": "action",
}
"""Under which name a kind of activity counts as executed or in error; the others are orchestration."""
_GOOD = ("ended", "transitions")
_DONE = ("completed", "failed")


class NodeShape(NamedTuple):
    """What a report says of an activity beside its figures."""

    name: str
    type: str
    action_uid: str | None = None


class Shape(NamedTuple):
    """A version as a report needs it."""

    entry_node_id: str
    nodes: Mapping[str, NodeShape]
    """By id, in the order of the document."""
    paths: Sequence[Arrow]
    """In the order of the document."""
    events: Mapping[str, str]
    """Names of event configurations by uid."""


def shape_of(document: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> Shape:
    """A document as a report shows it. names: {"events": {uid: name}, "actions": {uid: name}}.

    The document may be an unfinished draft: what can't be read is left out.
    """
    config = document.get("nodes")
    nodes = {i: n for i, n in config.items() if isinstance(n, Mapping)} if isinstance(config, Mapping) else {}
    paths = arrows_of(document)
    called = names_of_nodes(nodes, names)
    shapes = {
        node_id: NodeShape(name, str(nodes[node_id].get("type", "")), nodes[node_id].get("actionUid"))
        for node_id, name in called.items()
    }
    entry = document.get("entry")
    return Shape(
        str(entry.get("node", "")) if isinstance(entry, Mapping) else "",
        {
            **shapes,
            **{
                one: NodeShape(" | ".join(called.get(member, member) for member in members), "race")
                for one, members in races_of(paths).items()
            },
        },
        paths,
        names.get("events", {}),
    )


def summarize(counts: Iterable[Count], shape: Shape, *, is_all_time: bool) -> dict[str, Any]:
    """Every figure of a report. Of all time, `current` is who is inside now; of a period, nobody can say.

    entered = completed + failed + timedOut + stopped + exitedByCriteria + discardedInPause + current, over all time.
    """
    sums = _Sums()
    for count in counts:
        sums.add(count)
    outcomes = sums.outcomes()
    entered = sum(sums.entered.values())
    exited = sum(outcomes.values())
    discarded = _sum(sums.discards)
    executed, errors = sums.by_family(shape)
    nodes = [sums.node(node_id, shape, is_all_time=is_all_time) for node_id in sums.node_ids(shape)]
    found: dict[str, Any] = {
        "entered": entered,
        "reentered": sum(sums.reentered.values()),
        "exited": exited,
        "completed": outcomes["completed"],
        "completionRate": rate(outcomes["completed"], entered),
        "failed": outcomes["failed"],
        "failedRate": rate(outcomes["failed"], entered),
        "timedOut": outcomes["timedOut"],
        "stopped": outcomes["stopped"],
        "exitedByCriteria": outcomes["exited"],
        "discardedInPause": outcomes["discarded"],
    }
    if is_all_time:
        found["current"] = sum(sums.at.values())
    return {
        **found,
        "discarded": discarded,
        "discardRate": rate(discarded, entered + discarded),
        "discards": _merged(sums.discards),
        "executed": executed,
        "errors": errors,
        "reasons": [
            {"nodeId": node_id, "nodeName": shape.nodes[node_id].name if node_id in shape.nodes else node_id,
             "reason": reason, "count": number}
            for (node_id, reason), number in sorted(sums.reasons.items(), key=lambda item: (-item[1], item[0]))
        ],
        "events": [sums.event(uid, shape) for uid in sums.event_uids()],
        "nodes": nodes,
        "paths": [
            {"from": start, "transition": transition, "to": end, "count": sums.left.get(start, {}).get(transition, 0)}
            for start, transition, end in shape.paths
        ],
        "actions": [
            sums.action(node_id, node)
            for node_id, node in shape.nodes.items()
            if node.action_uid is not None or node_id in sums.calls
        ],
    }  # fmt: skip


def counters(counts: Iterable[Count], shape: Shape) -> dict[str, Any]:
    """The few figures a canvas shows, over all time: totals; for each node who came, is there, failed and left; and
    for each arrow who took it.

    Who waits for the first of several activities in parallel waits at each of them.
    """
    sums = _Sums()
    for count in counts:
        sums.add(count)
    outcomes = sums.outcomes()
    races = races_of(shape.paths)
    inside: dict[str, int] = {}
    for race, members in races.items():
        for member in members:
            _raise(inside, member, sums.at.get(race, 0))
    shown = [node_id for node_id in sums.node_ids(shape) if node_id not in races]
    return {
        "entered": sum(sums.entered.values()),
        "current": sum(sums.at.values()),
        "completed": outcomes["completed"],
        "failed": outcomes["failed"],
        "timedOut": outcomes["timedOut"],
        "stopped": outcomes["stopped"],
        "exitedByCriteria": outcomes["exited"],
        "discardedInPause": outcomes["discarded"],
        "discarded": _sum(sums.discards),
        "nodes": {
            node_id: {
                "arrived": sums.arrivals(node_id, shape),
                "current": sums.at.get(node_id, 0) + inside.get(node_id, 0),
                "errors": sums.errors.get(node_id, 0),
                "ended": sum(sums.ended.get(node_id, {}).values()),
                "left": sums.left.get(node_id, {}),
            }
            for node_id in shown
        },
        "edges": [
            {"from": source, "transition": transition, "to": target, "passed": passed}
            for (source, transition, target), passed in zip(shape.paths, _passed(sums, shape, races), strict=True)
        ],
    }


def _passed(sums: "_Sums", shape: Shape, races: Mapping[str, Sequence[str]]) -> list[int]:
    """How many took each arrow. Of arrows to activities in parallel: how many went on by this one, where that can be
    told, for it is the only such arrow to it; else how many came to all of them."""
    taken = [sums.left.get(source, {}).get(transition, 0) for source, transition, _ in shape.paths]
    is_raced = [race_id(source, transition) in races for source, transition, _ in shape.paths]
    for index, (_, _, target) in enumerate(shape.paths):
        if not is_raced[index]:
            continue
        others = [other for other, arrow in enumerate(shape.paths) if arrow[2] == target and other != index]
        if not any(is_raced[other] for other in others):
            taken[index] = max(sums.arrivals(target, shape) - sum(taken[other] for other in others), 0)
    return taken


def point(counts: Iterable[Count]) -> dict[str, Any]:
    """The few figures of one interval of a series."""
    sums = _Sums()
    for count in counts:
        sums.add(count)
    outcomes = sums.outcomes()
    calls = _merged(sums.calls)
    return {
        "entered": sum(sums.entered.values()),
        "exited": sum(outcomes.values()),
        "completed": outcomes["completed"],
        "failed": outcomes["failed"],
        "timedOut": outcomes["timedOut"],
        "stopped": outcomes["stopped"],
        "exitedByCriteria": outcomes["exited"],
        "discardedInPause": outcomes["discarded"],
        "discarded": _sum(sums.discards),
        "calls": sum(calls.values()),
        "callErrors": sum(number for how, number in calls.items() if how != "ok"),
    }


def rate(part: int, whole: int) -> float | None:
    """A share, to four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


class _Sums:
    """Counters sorted by what they are."""

    def __init__(self) -> None:
        self.entered: dict[str, int] = {}
        self.reentered: dict[str, int] = {}
        self.arrived: dict[str, int] = {}
        self.at: dict[str, int] = {}
        self.errors: dict[str, int] = {}
        """Steps in error, by node."""
        self.executed: dict[str, int] = {}
        """Steps that did their work, or failed at it, by node."""
        self.left: dict[str, dict[str, int]] = {}
        self.ended: dict[str, dict[str, int]] = {}
        """By node, then outcome."""
        self.reasons: dict[tuple[str, str], int] = {}
        self.calls: dict[str, dict[str, int]] = {}
        self.durations: dict[str, dict[int, int]] = {}
        self.fetches: dict[str, dict[str, int]] = {}
        self.heard: dict[str, dict[str, int]] = {}
        self.discards: dict[str, dict[str, int]] = {}
        self.nodes: set[str] = set()

    def add(self, count: Count) -> None:
        subject, what, detail, number = count
        match what:
            case "entered" | "reentered":
                _raise(self.entered if what == "entered" else self.reentered, subject, number)
            case "event":
                _raise(self.heard.setdefault(subject, {}), detail, number)
            case "discard":
                _raise(self.discards.setdefault(subject, {}), detail, number)
            case "assigned" | "outcome" | "converted" | "value":
                pass  # see metrics.py
            case _:
                self.nodes.add(subject)
                self._add_of_node(subject, what, detail, number)

    def _add_of_node(self, node_id: str, what: str, detail: str, number: int) -> None:
        match what:
            case "arrived" | "at":
                _raise(self.arrived if what == "arrived" else self.at, node_id, number)
            case "left":
                step_status, _, transition = detail.partition(" ")
                _raise(self.left.setdefault(node_id, {}), transition, number)
                self._add_step(node_id, step_status, number)
            case "ended":
                outcome = outcome_of(detail)
                _raise(self.ended.setdefault(node_id, {}), outcome, number)
                if outcome in _DONE:
                    self._add_step(node_id, detail.partition(" ")[0], number)
            case "reason":
                _raise(self.reasons, (node_id, detail), number)
            case "call":
                _raise(self.calls.setdefault(node_id, {}), detail, number)
            case "duration":
                _raise(self.durations.setdefault(node_id, {}), int(detail), number)
            case "fetch":
                _raise(self.fetches.setdefault(node_id, {}), detail, number)

    def _add_step(self, node_id: str, step_status: str, number: int) -> None:
        _raise(self.executed, node_id, number)
        if step_status not in _GOOD:
            _raise(self.errors, node_id, number)

    def outcomes(self) -> dict[str, int]:
        totals = {"completed": 0, "failed": 0, "timedOut": 0, "stopped": 0, "exited": 0, "discarded": 0}
        for of_node in self.ended.values():
            for outcome, number in of_node.items():
                _raise(totals, outcome, number)
        return totals

    def node_ids(self, shape: Shape) -> list[str]:
        """Those of the document, then any other that was counted."""
        return [*shape.nodes, *sorted(self.nodes - set(shape.nodes) - {""})]

    def arrivals(self, node_id: str, shape: Shape) -> int:
        """How many came to a node; of the entry, how many entered."""
        return sum(self.entered.values()) if node_id == shape.entry_node_id else self.arrived.get(node_id, 0)

    def node(self, node_id: str, shape: Shape, *, is_all_time: bool) -> dict[str, Any]:
        known = shape.nodes.get(node_id, NodeShape(node_id, ""))
        arrived = self.arrivals(node_id, shape)
        ended = self.ended.get(node_id, {})
        lost = sum(number for outcome, number in ended.items() if outcome != "completed")
        figures: dict[str, Any] = {"id": node_id, "name": known.name, "type": known.type, "arrived": arrived}
        if is_all_time:
            figures["current"] = self.at.get(node_id, 0)
        return {
            **figures,
            "executed": self.executed.get(node_id, 0),
            "errors": self.errors.get(node_id, 0),
            "left": self.left.get(node_id, {}),
            "ended": ended,
            "dropOff": lost,
            "dropOffRate": rate(lost, arrived),
        }

    def action(self, node_id: str, node: NodeShape) -> dict[str, Any]:
        calls = self.calls.get(node_id, {})
        executed = sum(calls.values())
        failures = {how: number for how, number in calls.items() if how != "ok"}
        in_error = sum(failures.values())
        durations = self.durations.get(node_id, {})
        return {
            "nodeId": node_id,
            "nodeName": node.name,
            "actionUid": node.action_uid,
            "executed": executed,
            "inError": in_error,
            "errorRate": rate(in_error, executed),
            "reasons": failures,
            "p50Ms": percentile(durations, 0.5),
            "p95Ms": percentile(durations, 0.95),
        }

    def event_uids(self) -> list[str]:
        return list(dict.fromkeys([*self.entered, *self.heard, *self.discards]))

    def event(self, uid: str, shape: Shape) -> dict[str, Any]:
        heard = self.heard.get(uid, {})
        return {
            "eventUid": uid,
            "name": shape.events.get(uid, uid),
            "entered": self.entered.get(uid, 0),
            "movedOn": heard.get("movedOn", 0),
            "queued": heard.get("queued", 0),
            "ignored": {how[8:]: number for how, number in heard.items() if how.startswith("ignored ")},
            "discarded": self.discards.get(uid, {}),
        }

    def by_family(self, shape: Shape) -> tuple[dict[str, int], dict[str, int]]:
        executed = {"action": 0, "enrichment": 0, "event": 0, "orchestration": 0}
        errors = dict(executed)
        for node_id in self.nodes:
            known = shape.nodes.get(node_id)
            family = FAMILIES.get(known.type, "orchestration") if known is not None else "orchestration"
            executed[family] += self.executed.get(node_id, 0)
            errors[family] += self.errors.get(node_id, 0)
        fetches = _merged(self.fetches)
        executed["enrichment"] = sum(fetches.values())
        errors["enrichment"] = sum(number for how, number in fetches.items() if how != "ok")
        return executed, errors


def _merged(groups: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for group in groups.values():
        for key, number in group.items():
            _raise(found, key, number)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _sum(groups: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(group.values()) for group in groups.values())


def _raise(counts: dict[Any, int], key: Any, by: int) -> None:
    counts[key] = counts.get(key, 0) + by
