"""How shares of a live experiment change: a bandit is recalculated, a winner is scaled (journeys §8.13). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parcours.journeys.activities.optimize import ExperimentNode
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counters import Count
from parcours.journeys.experiments import Arm, shares_of, winner_of

State = Mapping[str, Any]
"""What is kept of an experiment: {"shares": {path: percent}, "calculatedAtUs", "number", "winner"?, "history"}."""
MAX_HISTORY = 26
"""Recalculations that are told: half a year of weeks."""


def arms_of(paths: Iterable[str], counts: Iterable[Count], node_id: str, metric: str) -> list[Arm]:
    """How each path of an experiment does by a metric."""
    individuals: dict[str, int] = {}
    converted: dict[str, int] = {}
    for count in counts:
        if count.subject != node_id:
            continue
        if count.what == "assigned":
            individuals[count.detail] = individuals.get(count.detail, 0) + count.number
        elif count.what == "converted":
            of_metric, _, path = count.detail.partition(" ")
            if of_metric == metric:
                converted[path] = converted.get(path, 0) + count.number
    return [Arm(path, individuals.get(path, 0), converted.get(path, 0)) for path in paths]


def looked_at(journey: CompiledJourney) -> list[ExperimentNode]:
    """The experiments whose shares time alone may change."""
    nodes = (journey.nodes[node_id] for node_id in journey.experiments)
    return [node for node in nodes if isinstance(node, ExperimentNode) and node.allocation.is_looked_at]


def next_look_us(node: ExperimentNode, state: State | None, since_us: int) -> int | None:
    """When an experiment is looked at next; None: never again. since_us: when the version was published."""
    if not node.allocation.is_looked_at or (state and state.get("winner")):
        return None
    return (since_us if state is None else int(state["calculatedAtUs"])) + node.allocation.every_us


def recalculate(
    node: ExperimentNode, version_uid: str, state: State | None, arms: Sequence[Arm], now_us: int
) -> State:  # fmt: skip
    """The experiment from now on. The hold-out keeps its percentage, and who has a path keeps it."""
    before = state or {}
    number = int(before.get("number", 0)) + 1
    allocation = node.allocation
    winner = None if allocation.confidence is None else winner_of(arms, allocation.confidence)
    if winner is not None:
        return scaled(node, state, winner, arms, now_us, {"mode": "automatic"})
    shares: Mapping[str, float] = before.get("shares") or node.shares
    if allocation.is_bandit:
        seed = f"{version_uid}\n{node.id}\n{number}"
        shares = shares_of(arms, 100 - node.holdout, allocation.exploration, seed)
    return _noted(before, number, shares, arms, now_us)


def scaled(
    node: ExperimentNode, state: State | None, path: str, arms: Sequence[Arm], now_us: int, how: Mapping[str, Any]
) -> State:
    """All who are new go one way from now on, but for the hold-out. how: {"mode": "manual" | "automatic", "by"?}."""
    before = state or {}
    shares = {one: float(100 - node.holdout if one == path else 0) for one in node.shares}
    noted = _noted(before, int(before.get("number", 0)) + 1, shares, arms, now_us)
    return {**noted, "winner": {"path": path, "atUs": now_us, **how}}


def _noted(before: State, number: int, shares: Mapping[str, float], arms: Sequence[Arm], now_us: int) -> State:
    entry = {
        "atUs": now_us,
        "shares": dict(shares),
        "arms": [{"path": arm.path, "individuals": arm.individuals, "converted": arm.converted} for arm in arms],
    }
    history = [*before.get("history", ()), entry][-MAX_HISTORY:]
    return {"shares": dict(shares), "calculatedAtUs": now_us, "number": number, "history": history}
