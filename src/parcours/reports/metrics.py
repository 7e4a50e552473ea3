"""Success metrics and variants in a report: pure. Source: journeys §13.3."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parcours.journeys.counters import Count
from parcours.journeys.experiments import HOLD_OUT, Arm, lift_of, winner_of
from parcours.journeys.metrics import DEFAULT_WITHIN_DAYS, VALUE_UNIT, computed_in
from parcours.reports.figures import rate

WHATS = frozenset({"assigned", "outcome", "converted", "value"})


def summarize_metrics(
    counts: Iterable[Count], document: Mapping[str, Any], names: Mapping[str, str], states: Mapping[str, Any]
) -> dict[str, Any]:
    """{"metrics": […], "experiments": […]} of a version; both empty of one that measures nothing.

    names: of nodes by id. states: of experiments by node, as the version keeps them.
    """
    metrics = [one for one in computed_in(document) if isinstance(one.get("id"), str)]
    if not metrics:
        return {"metrics": [], "experiments": []}
    figures = _Figures(counts)
    nodes = document.get("nodes")
    return {
        "metrics": [
            {
                **_named(metric),
                "type": metric.get("type"),
                "withinDays": metric.get("withinDays", DEFAULT_WITHIN_DAYS),
                **figures.of("", metric["id"], figures.entered),
                **({"value": figures.value("", metric["id"])} if "value" in metric else {}),
            }
            for metric in metrics
        ],
        "experiments": [
            _experiment(node_id, node, names.get(node_id, node_id), states.get(node_id) or {}, metrics, figures)
            for node_id, node in (nodes.items() if isinstance(nodes, Mapping) else ())
            if isinstance(node, Mapping) and node.get("optimizeType") == "experiment" and node.get("paths")
        ],
    }


def _named(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": metric["id"], "name": metric.get("label") or metric["id"]}


def _experiment(
    node_id: str, node: Mapping[str, Any], name: str, state: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]],
    figures: "_Figures",
) -> dict[str, Any]:  # fmt: skip
    """One experiment: its first path is what the others are compared with."""
    paths = [path for path in node["paths"] if isinstance(path, Mapping)]
    shares = state.get("shares") or {path["id"]: path.get("percentage", 0) for path in paths}
    variants = [(path["id"], path.get("label") or path["id"], shares.get(path["id"], 0)) for path in paths]
    if node.get("holdout"):
        variants.append((HOLD_OUT, "", node["holdout"]))
    main = node.get("successMetric")
    winner = state.get("winner")
    arms = [figures.arm(node_id, main, path) for path, _, share in variants if path != HOLD_OUT]
    return {
        "nodeId": node_id,
        "nodeName": name,
        "experimentType": node.get("experimentType", "ab"),
        "successMetric": main if any(metric["id"] == main for metric in metrics) else None,
        "winner": None if winner is None else {k: winner.get(k) for k in ("path", "mode", "by", "atUs")},
        "leader": winner_of(arms),
        "calculatedAtUs": state.get("calculatedAtUs"),
        "variants": [
            {
                "path": path or None,
                "name": label,
                "share": share,
                "individuals": figures.individuals(node_id, path),
                "metrics": [_of_variant(figures, node_id, path, variants[0][0], metric) for metric in metrics],
            }
            for path, label, share in variants
        ],
        "history": [
            {"atUs": entry["atUs"], "shares": entry["shares"]} for entry in state.get("history", ())
        ],
    }  # fmt: skip


def _of_variant(
    figures: "_Figures", node_id: str, path: str, baseline: str, metric: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    metric_id = metric["id"]
    detail = f"{metric_id} {path}"
    arm = figures.arm(node_id, metric_id, path)
    found = {"id": metric_id, **figures.of(node_id, detail, arm.individuals)}
    if "value" in metric:
        found["value"] = figures.value(node_id, detail)
    lift = None if path == baseline else lift_of(arm, figures.arm(node_id, metric_id, baseline))
    found["lift"] = None if lift is None else {
        "difference": round(lift.difference, 6),
        "relative": None if lift.relative is None else round(lift.relative, 6),
        "low": round(lift.low, 6),
        "high": round(lift.high, 6),
        "isSignificant": lift.is_significant,
    }  # fmt: skip
    return found


class _Figures:
    """The counters of metrics, sorted."""

    def __init__(self, counts: Iterable[Count]) -> None:
        self.entered = 0
        self._numbers: dict[tuple[str, str, str], int] = {}
        for subject, what, detail, number in counts:
            if what == "entered":
                self.entered += number
            elif what in WHATS:
                place = (subject, what, detail)
                self._numbers[place] = self._numbers.get(place, 0) + number

    def of(self, node_id: str, detail: str, whole: int) -> dict[str, Any]:
        converted = self._numbers.get((node_id, "converted", detail), 0)
        outcomes = self._numbers.get((node_id, "outcome", detail), 0)
        return {"outcomes": outcomes, "converted": converted, "rate": rate(converted, whole)}

    def value(self, node_id: str, detail: str) -> float:
        return self._numbers.get((node_id, "value", detail), 0) / VALUE_UNIT

    def individuals(self, node_id: str, path: str) -> int:
        return self._numbers.get((node_id, "assigned", path), 0)

    def arm(self, node_id: str, metric_id: Any, path: str) -> Arm:
        converted = self._numbers.get((node_id, "converted", f"{metric_id} {path}"), 0)
        return Arm(path, self.individuals(node_id, path), converted)
