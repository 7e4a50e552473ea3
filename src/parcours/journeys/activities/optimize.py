"""The optimize activity: an experiment with sticky treatments, or targeting rules (journeys §8.13)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from parcours.journeys.activities.condition import ConditionNode, DataSourceCondition
from parcours.journeys.activities.kind import DAY_US, Builder, Kind
from parcours.journeys.activities.shared_rule import ONE_OF_BOTH, RULE_MEMBERS, read_rule_paths
from parcours.journeys.experiments import HOLD_OUT, draw_of, path_at
from parcours.journeys.model import AssignPath
from parcours.journeys.run import Node, Run

DEFAULT_EXPLORATION = 10
DEFAULT_RECALCULATE_DAYS = 7
DEFAULT_CONFIDENCE = 95


class Allocation(NamedTuple):
    """How the shares of an experiment change while it is live."""

    metric: str
    """Id of the success metric; empty when it has none that is computed."""
    is_bandit: bool = False
    exploration: int = DEFAULT_EXPLORATION
    """Percent that is divided equally among the paths of a bandit."""
    every_us: int = DEFAULT_RECALCULATE_DAYS * DAY_US
    """How often shares are recalculated, and a winner is looked for."""
    confidence: float | None = None
    """From which on the winner takes all; None: only by hand."""

    @property
    def is_looked_at(self) -> bool:
        """Whether time alone may change the shares."""
        return self.is_bandit or self.confidence is not None


class ExperimentNode(ConditionNode):
    """Treatments with shares. One individual gets the same treatment in every entrance of a version."""

    __slots__ = ("allocation", "holdout", "shares")

    def __init__(
        self, node_id: str, name: str, shares: Sequence[tuple[str, int]], holdout: int,
        allocation: Allocation = Allocation(""),
    ) -> None:  # fmt: skip
        """shares: treatments with their percentages; holdout: the percentage that takes part in none."""
        super().__init__(node_id, name)
        self.holdout = holdout
        self.shares: Mapping[str, float] = dict(shares)
        self.allocation = allocation

    def enter(self, run: Run) -> Node | None:
        """Draw by version, node and key; who has a path already is known where success is measured."""
        journey = run.journey
        if journey.mode == "test":
            first = next(iter(self.shares))
            return self.choose(run, "experiment", f"path:{first}", [{"id": first}])
        drawn = draw_of(journey.version_uid, self.id, run.instance.key)
        path = path_at(drawn, self.holdout, journey.shares.get(self.id) or self.shares)
        if self.id in journey.experiments:
            run.ask(AssignPath(self.id, run.pass_no, path))
            return None
        return self._go(run, path, {"drawn": round(drawn, 6)})

    def take(self, run: Run, reply: str) -> Node | None:
        """By the path the individual has."""
        journey = run.journey
        drawn = draw_of(journey.version_uid, self.id, run.instance.key)
        tried: dict[str, Any] = {"drawn": round(drawn, 6)}
        if reply != path_at(drawn, self.holdout, journey.shares.get(self.id) or self.shares):
            tried["reason"] = "sticky"
        return self._go(run, reply, tried)

    def _go(self, run: Run, path: str, tried: Mapping[str, Any]) -> Node | None:
        entry = {"id": path or "holdout", "result": True, **tried}
        return self.choose(run, "experiment", None if path == HOLD_OUT else f"path:{path}", [entry])


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    entries = config["paths"]
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry["id"] in seen:
            builder.fault("ERR_CONDITION_PATH", f"two paths have the id {entry['id']!r}", f".paths[{index}].id")
        seen.add(entry["id"])
    if config["optimizeType"] == "experiment":
        holdout = config.get("holdout", 0)
        total = holdout + sum(entry["percentage"] for entry in entries)
        if total != 100:
            message = f"treatments and hold-out add up to {total}, not to 100"
            builder.fault("ERR_OPTIMIZE_SHARES", message, ".paths")
        shares = [(entry["id"], entry["percentage"]) for entry in entries]
        return ExperimentNode(node_id, name, shares, holdout, _allocation(config, builder))
    if "holdout" in config:
        builder.fault("ERR_OPTIMIZE_SHARES", "a hold-out is for experiments", ".holdout")
    for member in ("experimentType", *_OF_ALLOCATION):
        if member in config:
            builder.fault("ERR_OPTIMIZE_ALLOCATION", f"`{member}` is for experiments", f".{member}")
    return DataSourceCondition(node_id, name, read_rule_paths(entries, builder), "targeting")


_OF_ALLOCATION = ("exploration", "recalculateDays", "scaleWinner")


def _allocation(config: Mapping[str, Any], builder: Builder) -> Allocation:
    is_bandit = config.get("experimentType") == "bandit"
    scale = config.get("scaleWinner")
    if "exploration" in config and not is_bandit:
        builder.fault("ERR_OPTIMIZE_ALLOCATION", "`exploration` is for experimentType `bandit`", ".exploration")
    if "recalculateDays" in config and not is_bandit and scale is None:
        message = "`recalculateDays` is for experimentType `bandit`, or with `scaleWinner`"
        builder.fault("ERR_OPTIMIZE_ALLOCATION", message, ".recalculateDays")
    if (is_bandit or scale is not None) and len(config["paths"]) < 2:
        builder.fault("ERR_OPTIMIZE_ALLOCATION", "with one path there is nothing to compare", ".paths")
    return Allocation(
        config.get("successMetric", ""),
        is_bandit,
        config.get("exploration", DEFAULT_EXPLORATION),
        config.get("recalculateDays", DEFAULT_RECALCULATE_DAYS) * DAY_US,
        None if scale is None else scale.get("confidence", DEFAULT_CONFIDENCE) / 100,
    )


def _transitions(config: Mapping[str, Any]) -> Sequence[str]:
    return [*(f"path:{entry['id']}" for entry in config["paths"]), "other", "error"]


def _paths(required: list[str], members: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    entry = {
        "type": "object",
        "required": ["id", *required],
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 64},
            "label": {"type": "string", "maxLength": 200},
            **members,
        },
        "additionalProperties": False,
        **more,
    }
    return {"properties": {"paths": {"items": entry}}}


KIND = Kind(
    type="optimize",
    schema={
        "required": ["optimizeType", "paths"],
        "properties": {
            "optimizeType": {"enum": ["experiment", "targeting"]},
            "paths": {"type": "array", "minItems": 1, "maxItems": 20},
            "holdout": {"type": "integer", "minimum": 0, "maximum": 99, "description": "Percent that goes by `other`."},
            "successMetric": {"type": "string", "maxLength": 200, "description": "Id of a metric of the journey."},
            "experimentType": {
                "enum": ["ab", "bandit"],
                "default": "ab",
                "description": "`bandit`: percentages are those to begin with, then the better path gets more.",
            },
            "exploration": {
                "type": "integer",
                "minimum": 1,
                "maximum": 50,
                "default": DEFAULT_EXPLORATION,
                "description": "Percent that a bandit divides equally among its paths.",
            },
            "recalculateDays": {
                "type": "integer",
                "minimum": 1,
                "maximum": 30,
                "default": DEFAULT_RECALCULATE_DAYS,
                "description": "How often percentages are recalculated and a winner is looked for.",
            },
            "scaleWinner": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "confidence": {"type": "integer", "minimum": 80, "maximum": 99, "default": DEFAULT_CONFIDENCE},
                },
                "description": "From this confidence on, all who are new go the way of the winner.",
            },
        },
        "if": {"properties": {"optimizeType": {"const": "experiment"}}},
        "then": _paths(["percentage"], {"percentage": {"type": "integer", "minimum": 0, "maximum": 100}}),
        "else": _paths([], RULE_MEMBERS, **ONE_OF_BOTH),
    },
    build=_build,
    transitions=_transitions,
)
