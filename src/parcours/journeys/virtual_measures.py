"""Success metrics and experiments in a simulated world: counted and recalculated as in production, kept in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from parcours.journeys.activities.optimize import ExperimentNode
from parcours.journeys.allocating import State, arms_of, looked_at, next_look_us, recalculate
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counters import Count, Tally
from parcours.journeys.measuring import Assignment, Conversion, Measures, NewAssignment, NewConversion


class KeptMeasures:
    """See `measuring.Memory`: dictionaries, for as long as the world is there."""

    def __init__(self) -> None:
        self._assignments: dict[tuple[str, str], dict[str, str]] = {}
        self._conversions: dict[tuple[str, str], set[Conversion]] = {}

    def assignments(self, version_uid: str, keys: Iterable[str]) -> list[Assignment]:
        """See `Memory`."""
        return [
            (key, node_id, path)
            for key in keys
            for node_id, path in self._assignments.get((version_uid, key), {}).items()
        ]

    def conversions(self, version_uid: str, keys: Iterable[str]) -> set[Conversion]:
        """See `Memory`."""
        return {found for key in keys for found in self._conversions.get((version_uid, key), ())}

    def assign(self, rows: Sequence[NewAssignment]) -> None:
        """See `Memory`."""
        for version_uid, key, node_id, _, path, _ in rows:
            self._assignments.setdefault((version_uid, key), {})[node_id] = path

    def convert(self, rows: Sequence[NewConversion]) -> None:
        """See `Memory`."""
        for version_uid, key, metric, node_id, instance_id, _, _ in rows:
            self._conversions.setdefault((version_uid, key), set()).add((key, metric, node_id, instance_id))


class VirtualMeasures:
    """What is measured of the journeys of a world, published when its clock starts."""

    def __init__(self, journeys: Sequence[CompiledJourney], start_us: int) -> None:
        self.shares: dict[str, dict[str, Mapping[str, float]]] = {journey.version_uid: {} for journey in journeys}
        """By version, what `CompiledJourney.shares` is."""
        self.journeys = tuple(replace(journey, shares=self.shares[journey.version_uid]) for journey in journeys)
        """The same, whose shares change with time."""
        self.measures = Measures(KeptMeasures(), start_us)
        self.states: dict[tuple[str, str], State] = {}
        """Of experiments that were recalculated, by version and node."""
        self._tally = Tally()
        self._start_us = start_us
        self._by_event: dict[str, list[CompiledJourney]] = {}
        for journey in self.journeys:
            for uid in dict.fromkeys(metric.event_uid for metric in journey.metrics if metric.event_uid):
                self._by_event.setdefault(uid, []).append(journey)
        self._nodes = [(journey, node) for journey in self.journeys for node in looked_at(journey)]
        self._next_us = self._find_next()

    def measuring(self, event_uid: str) -> Sequence[CompiledJourney]:
        """Journeys with a metric that counts an event."""
        return self._by_event.get(event_uid, ())

    def pass_time(self, now_us: int) -> None:
        """Recalculate what was due by now, before anything more is measured: as if it had been done on time."""
        self.measures.flush(self._tally)
        self.measures.now_us = now_us
        while self._next_us is not None and self._next_us <= now_us:
            at_us = self._next_us
            for journey, node in self._nodes:
                place = (journey.version_uid, node.id)
                if self._due(journey, node) == at_us:
                    arms = arms_of(node.shares, self.counts(journey.version_uid), node.id, node.allocation.metric)
                    state = recalculate(node, journey.version_uid, self.states.get(place), arms, at_us)
                    self.states[place] = state
                    self.shares[journey.version_uid][node.id] = state["shares"]
            self._next_us = self._find_next()

    def counts(self, version_uid: str) -> list[Count]:
        """What was counted of a version."""
        self.measures.flush(self._tally)
        rows = self._tally.rows().items()
        return [
            Count(subject, what, detail, number)
            for (_, version, subject, what, detail), number in rows
            if version == version_uid
        ]

    def hear(
        self, event_uid: str, key: str, payload: Mapping[str, Any], data: Mapping[str, Any],
        supplemental_ids: Sequence[str] | None,
    ) -> list[tuple[CompiledJourney, list[str]]]:  # fmt: skip
        """An event; the journeys it counts for, each with its metrics."""
        found = [
            (journey, self.measures.hear(journey, event_uid, key, payload, data, supplemental_ids))
            for journey in self.measuring(event_uid)
        ]
        return [(journey, metrics) for journey, metrics in found if metrics]

    def _due(self, journey: CompiledJourney, node: ExperimentNode) -> int | None:
        return next_look_us(node, self.states.get((journey.version_uid, node.id)), self._start_us)

    def _find_next(self) -> int | None:
        return min((at_us for one in self._nodes if (at_us := self._due(*one)) is not None), default=None)
