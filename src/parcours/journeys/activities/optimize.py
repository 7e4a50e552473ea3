"""The optimize activity: an experiment with sticky treatments, or targeting rules (journeys §8.13)."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from parcours.expressions.types import Type
from parcours.journeys.activities.condition import ConditionNode, DataSourceCondition
from parcours.journeys.activities.kind import Builder, Explained, Kind
from parcours.journeys.run import Node, Run


class ExperimentNode(ConditionNode):
    """Treatments with fixed shares. One individual gets the same treatment in every entrance of a version."""

    __slots__ = ("holdout", "limits")

    def __init__(self, node_id: str, name: str, shares: Sequence[tuple[str, int]], holdout: int) -> None:
        """shares: treatments with their percentages; holdout: the percentage that takes part in none."""
        super().__init__(node_id, name)
        self.holdout = holdout
        limits: list[tuple[str, int]] = []
        total = holdout
        for treatment, percentage in shares:
            total += percentage
            limits.append((treatment, total))
        self.limits = tuple(limits)

    def enter(self, run: Run) -> Node | None:
        """Draw by version, node and key, so that nothing must be remembered."""
        if run.journey.mode == "test":
            return self.choose(run, "experiment", f"path:{self.limits[0][0]}", [{"id": self.limits[0][0]}])
        seed = f"{run.journey.version_uid}\n{self.id}\n{run.instance.key}".encode()
        drawn = int.from_bytes(blake2b(seed, digest_size=8).digest(), "big") * 100 / 2**64
        if drawn < self.holdout:
            return self.choose(run, "experiment", None, [{"id": "holdout", "result": True, "drawn": round(drawn, 6)}])
        chosen = next(treatment for treatment, limit in self.limits if drawn < limit)
        tried = [{"id": chosen, "result": True, "drawn": round(drawn, 6)}]
        return self.choose(run, "experiment", f"path:{chosen}", tried)


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
        return ExperimentNode(node_id, name, [(entry["id"], entry["percentage"]) for entry in entries], holdout)
    if "holdout" in config:
        builder.fault("ERR_OPTIMIZE_SHARES", "a hold-out is for experiments", ".holdout")
    rules: list[tuple[str, Explained]] = []
    for index, entry in enumerate(entries):
        explained = builder.expression(entry["expression"], f".paths[{index}].expression", Type.BOOLEAN)
        if explained is not None:
            rules.append((entry["id"], explained))
    return DataSourceCondition(node_id, name, rules, "targeting")


def _transitions(config: Mapping[str, Any]) -> Sequence[str]:
    return [*(f"path:{entry['id']}" for entry in config["paths"]), "other", "error"]


def _paths(member: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    entry = {
        "type": "object",
        "required": ["id", member],
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 64},
            "label": {"type": "string", "maxLength": 200},
            member: schema,
        },
        "additionalProperties": False,
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
            "successMetric": {"type": "string", "maxLength": 200},
        },
        "if": {"properties": {"optimizeType": {"const": "experiment"}}},
        "then": _paths("percentage", {"type": "integer", "minimum": 0, "maximum": 100}),
        "else": _paths("expression", {"type": "string", "minLength": 1}),
    },
    build=_build,
    transitions=_transitions,
)
