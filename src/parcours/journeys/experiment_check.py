"""Whether what experiments are measured by is there, and whether their winner may be scaled (journeys §8.13)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from parcours.journeys.activities.optimize import ExperimentNode
from parcours.journeys.compiled import JourneyType
from parcours.journeys.metrics import Metric
from parcours.journeys.run import Node

if TYPE_CHECKING:
    from parcours.journeys.check import Severity
    from parcours.journeys.compile import Compiler

SCALABLE: frozenset[JourneyType] = frozenset({"unitary", "audience_qualification"})
"""Types of journeys whose experiments may have their winner scaled: people enter one by one."""


def check_experiments(compiler: "Compiler", nodes: Mapping[str, Node], metrics: Sequence[Metric]) -> None:
    """Faults of every experiment that the journey as a whole makes."""
    known = [metric.id for metric in metrics]
    for node_id, node in nodes.items():
        if not isinstance(node, ExperimentNode):
            continue
        allocation = node.allocation
        where = f"$.nodes.{node_id}"
        if allocation.metric not in known and (allocation.is_looked_at or (known and allocation.metric)):
            named = (
                f"no metric {allocation.metric!r} of the journey is computed" if allocation.metric else "none is named"
            )
            message = f"the experiment needs a success metric: {named}; there are: {', '.join(known) or 'none'}"
            severity: Severity = "error" if allocation.is_looked_at else "warning"
            compiler.fault("ERR_OPTIMIZE_METRIC", message, f"{where}.successMetric", node_id, severity)
        if allocation.confidence is not None and compiler.entry.type not in SCALABLE:
            message = "a winner is scaled only where individuals enter one by one, not by Read audience"
            compiler.fault("ERR_OPTIMIZE_WINNER", message, f"{where}.scaleWinner", node_id)
