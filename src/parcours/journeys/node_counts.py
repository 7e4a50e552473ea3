"""How many came to each activity of a document, stand there, left it, failed there; and who took each arrow."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from parcours.journeys.model import StepEvent
from parcours.journeys.seen import InstanceRecord
from parcours.journeys.surroundings import arrows_of, races_of

_GOOD = ("ended", "transitions")


class Stay(NamedTuple):
    """One way of one customer."""

    steps: Iterable[StepEvent]
    node_id: str | None
    """Where they stand; None when they have left."""
    pass_no: int


def stay_of(record: InstanceRecord) -> Stay:
    """What is counted of a simulated instance."""
    return Stay(record.steps, record.instance.node_id, record.instance.pass_no)


class NodeCounts:
    """Counts over the activities and arrows of one document; steps at activities that it has not are passed over."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._arrows = arrows_of(document)
        self._races = races_of(self._arrows)
        self._counts = {node_id: {"in": 0, "waiting": 0, "out": 0, "errors": 0} for node_id in document["nodes"]}
        self._passed: Counter[tuple[str, str, str]] = Counter()

    def add(self, stay: Stay) -> None:
        """Count one more."""
        way: dict[int, tuple[str, str | None]] = {}
        for step in stay.steps:
            way[step.pass_no] = (step.node_id, step.transition)
            of_node = self._counts.get(step.node_id)
            if step.is_processed and of_node is not None:
                of_node["out"] += step.transition is not None
                of_node["errors"] += step.step_status not in _GOOD
        if stay.node_id is not None:
            way[stay.pass_no] = (stay.node_id, None)
            for node_id in self._races.get(stay.node_id, (stay.node_id,)):
                if node_id in self._counts:
                    self._counts[node_id]["waiting"] += 1
        ordered = [way[number] for number in sorted(way)]
        for node_id, _ in ordered:
            if node_id in self._counts:  # a race is none
                self._counts[node_id]["in"] += 1
        for (source, transition), (target, _) in pairwise(ordered):
            if transition is not None:
                self._passed[source, transition, target] += 1

    def to_json(self) -> dict[str, Any]:
        """{"counts": {node: {"in", "waiting", "out", "errors"}}, "paths": [{"from", "transition", "to", "passed"}]}."""
        return {
            "counts": self._counts,
            "paths": [
                {"from": source, "transition": transition, "to": target, "passed": self._passed[arrow]}
                for arrow in self._arrows
                for source, transition, target in (arrow,)
            ],
        }
