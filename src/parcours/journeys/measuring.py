"""Success metrics: outcomes are put down to entrances, and to what individuals got in experiments.

An outcome belongs to the latest entrance of its individual into the journey, within the metric's window, and to each
path of an experiment that the individual had before it. A conversion is the first outcome of a metric: of an entrance
for the version as a whole, of an individual for a path, for it is individuals whom an experiment draws.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from parcours.expressions.references import EvaluationContext
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counters import Tally
from parcours.journeys.metrics import Metric
from parcours.journeys.model import NOTHING, AssignPath, Instance
from parcours.journeys.run import NO_AUDIENCES, Audiences

Assignment = tuple[str, str, str]
"""(key, node, path)."""
Conversion = tuple[str, str, str, str]
"""(key, metric, node or "", instance or "")."""
NewAssignment = tuple[str, str, str, int, str, int]
"""(version, key, node, scope, path, when)."""
NewConversion = tuple[str, str, str, str, str, int, int]
"""(version, key, metric, node or "", instance or "", scope, when)."""


class Memory(Protocol):
    """What is kept from one transaction to the next."""

    def assignments(self, version_uid: str, keys: Iterable[str]) -> list[Assignment]:
        """What individuals got in the experiments of a version."""
        ...

    def conversions(self, version_uid: str, keys: Iterable[str]) -> set[Conversion]:
        """What was counted for individuals."""
        ...

    def assign(self, rows: Sequence[NewAssignment]) -> None:
        """Keep the paths of those who had none."""
        ...

    def convert(self, rows: Sequence[NewConversion]) -> None:
        """Keep what is counted now."""
        ...


class Entrance(NamedTuple):
    """One instance that outcomes can be put down to; it may have left."""

    journey: CompiledJourney
    instance_id: str
    key: str
    supplemental_id: str | None
    entered_at_us: int


class _Outcome(NamedTuple):
    entrance: Entrance
    metric: Metric
    value: int
    """In thousandths."""
    order: int
    """Paths assigned before it have a lower one."""


class Measures:
    """What is measured until `flush`; nothing is asked of the memory for journeys without metrics."""

    def __init__(self, memory: Memory, now_us: int) -> None:
        self.now_us = now_us
        self._memory = memory
        self._by_key: dict[tuple[int, str, str], dict[str, Entrance]] = {}
        """By (scope, `presence_uid`, key), then instance."""
        self._by_id: dict[str, Entrance] = {}
        self._paths: dict[tuple[str, str], dict[str, str]] = {}
        """By (version, key): the path by experiment."""
        self._new: dict[tuple[str, str, str], tuple[int, str, int]] = {}
        """By (version, key, node): (scope, path, order)."""
        self._outcomes: list[_Outcome] = []
        self._order = 0

    # --- who is there ---

    def know(
        self, journey: CompiledJourney, instance_id: str, key: str, supplemental_id: str | None, entered_at_us: int
    ) -> None:
        """An entrance into a journey with metrics."""
        entrance = Entrance(journey, instance_id, key, supplemental_id, entered_at_us)
        self._by_id[instance_id] = entrance
        self._by_key.setdefault((journey.scope_id, journey.presence_uid, key), {})[instance_id] = entrance

    def preload(self, version_uid: str, keys: Iterable[str]) -> None:
        """Read what individuals got in the experiments of a version."""
        wanted = [key for key in dict.fromkeys(keys) if (version_uid, key) not in self._paths]
        if not wanted:
            return
        for key in wanted:
            self._paths[version_uid, key] = {}
        for key, node_id, path in self._memory.assignments(version_uid, wanted):
            self._paths[version_uid, key][node_id] = path

    # --- what happens ---

    def assign(self, journey: CompiledJourney, instance: Instance, command: AssignPath) -> str:
        """The path an individual has in an experiment: the one they got before, else the one drawn now."""
        version_uid, key = journey.version_uid, instance.key
        self.preload(version_uid, [key])
        known = self._paths[version_uid, key]
        path = known.get(command.node_id)
        if path is None:
            path = known[command.node_id] = command.path
            self._new[version_uid, key, command.node_id] = (journey.scope_id, path, self._next())
        return path

    def hear(
        self, journey: CompiledJourney, event_uid: str, key: str, payload: Mapping[str, Any],
        data: Mapping[str, Any], supplemental_ids: Sequence[str] | None,
    ) -> list[str]:  # fmt: skip
        """An event that a journey measures; the ids of the metrics it counts for."""
        entrances = self._by_key.get((journey.scope_id, journey.presence_uid, key), NO_ENTRANCES).values()
        fitting = [
            one
            for one in entrances
            if supplemental_ids is None or one.supplemental_id is None or one.supplemental_id in supplemental_ids
        ]
        if not fitting:
            return []
        latest = max(fitting, key=lambda one: (one.entered_at_us, one.instance_id))
        if latest.journey.version_uid != journey.version_uid:
            return []
        context: EvaluationContext | None = None
        counted: list[str] = []
        for metric in journey.metrics:
            if metric.event_uid != event_uid or not self._is_within(latest, metric):
                continue
            value = 0
            if metric.applies is not None or metric.value is not None:
                context = context or _context(journey, data, self.now_us)
                if metric.applies is not None and not metric.applies(context, payload):
                    continue
                value = 0 if metric.value is None else metric.value(context, payload)
            self._note(latest, metric, value)
            counted.append(metric.id)
        return counted

    def react(self, scope_id: int, instance_id: str, reactions: Sequence[str]) -> None:
        """Something became of a message that an instance sent."""
        entrance = self._by_id.get(instance_id)
        if entrance is None or entrance.journey.scope_id != scope_id:
            return
        for metric in entrance.journey.metrics:
            if metric.type in reactions and self._is_within(entrance, metric):
                self._note(entrance, metric, 0)

    def complete(self, instance_id: str) -> None:
        """An instance came to an end of its journey."""
        entrance = self._by_id.get(instance_id)
        if entrance is None:
            return
        for metric in entrance.journey.metrics:
            if metric.type == "completed" and self._is_within(entrance, metric):
                self._note(entrance, metric, 0)

    def _is_within(self, entrance: Entrance, metric: Metric) -> bool:
        return entrance.entered_at_us <= self.now_us < entrance.entered_at_us + metric.window_us

    def _note(self, entrance: Entrance, metric: Metric, value: int) -> None:
        self._outcomes.append(_Outcome(entrance, metric, value, self._next()))

    def _next(self) -> int:
        self._order += 1
        return self._order

    # --- writing ---

    def flush(self, tally: Tally) -> None:
        """Keep what is new, and count it."""
        if self._new:
            for (_version, _key, node_id), (scope_id, path, _order) in self._new.items():
                tally.measure(scope_id, _version, node_id, "assigned", path)
            self._memory.assign(
                [
                    (version_uid, key, node_id, scope_id, path, self.now_us)
                    for (version_uid, key, node_id), (scope_id, path, _order) in self._new.items()
                ]
            )
        by_version: dict[str, list[_Outcome]] = {}
        for outcome in self._outcomes:
            by_version.setdefault(outcome.entrance.journey.version_uid, []).append(outcome)
        for version_uid, outcomes in by_version.items():
            self._flush_version(version_uid, outcomes, tally)
        self._new.clear()
        self._outcomes.clear()

    def _flush_version(self, version_uid: str, outcomes: Sequence[_Outcome], tally: Tally) -> None:
        keys = list(dict.fromkeys(outcome.entrance.key for outcome in outcomes))
        journey = outcomes[0].entrance.journey
        if journey.experiments:
            self.preload(version_uid, keys)
        known = self._memory.conversions(version_uid, keys)
        scope_id = journey.scope_id
        rows: list[NewConversion] = []
        for entrance, metric, value, order in outcomes:
            key = entrance.key
            places = [(key, metric.id, "", entrance.instance_id)]
            places += [(key, metric.id, node_id, "") for node_id in self._had(version_uid, key, order)]
            for place in places:
                node_id = place[2]
                detail = f"{metric.id} {self._paths[version_uid, key][node_id]}" if node_id else metric.id
                tally.measure(scope_id, version_uid, node_id, "outcome", detail)
                if value:
                    tally.measure(scope_id, version_uid, node_id, "value", detail, value)
                if place not in known:
                    known.add(place)
                    tally.measure(scope_id, version_uid, node_id, "converted", detail)
                    rows.append((version_uid, *place, scope_id, self.now_us))
        self._memory.convert(rows)

    def _had(self, version_uid: str, key: str, order: int) -> list[str]:
        """The experiments in which an individual had a path when an outcome came."""
        return [
            node_id
            for node_id in self._paths.get((version_uid, key), ())
            if self._new.get((version_uid, key, node_id), _BEFORE)[2] < order
        ]


NO_ENTRANCES: Mapping[str, Entrance] = {}
_BEFORE = (0, "", 0)


def _context(journey: CompiledJourney, data: Mapping[str, Any], now_us: int) -> EvaluationContext:
    ids = journey.audience_ids
    audiences = Audiences(data, ids) if ids else NO_AUDIENCES
    return EvaluationContext(NOTHING, data, NOTHING, journey.properties, now_us, audiences=audiences)
