"""Success metrics: what a journey's success is measured by, read from its document (journeys §9, §13.3)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.references import EvaluationContext
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import DAY_US, Explained
from parcours.journeys.language import NodeScope

if TYPE_CHECKING:
    from parcours.journeys.compile import Compiler

MetricType = Literal["event", "opened", "clicked", "unsubscribed", "completed"]
REACTION_TYPES = ("opened", "clicked", "unsubscribed")
METRIC_TYPES: tuple[MetricType, ...] = ("event", "opened", "clicked", "unsubscribed", "completed")
DEFAULT_WITHIN_DAYS = 7
"""How long after an entrance an outcome is put down to it: the reference product's lookback window."""
MAX_WITHIN_DAYS = 91
MAX_METRICS = 10
VALUE_UNIT = 1_000
"""Values are summed as whole thousandths: exact, in whichever order they come."""
MAX_VALUE = 1_000_000_000
"""A value beyond this, either way, counts as none: sums must fit 64 bits."""
_EXPRESSION = {"type": "string", "minLength": 1}
METRICS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": 50,
    "uniqueItems": True,
    "description": "What success is measured by: metrics that are computed, and words, which are only shown.",
    "items": {
        "if": {"type": "string"},
        "then": {"minLength": 1, "maxLength": 64},
        "else": {
            "type": "object",
            "required": ["id", "type"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"},
                "label": {"type": "string", "maxLength": 200},
                "type": {"enum": list(METRIC_TYPES)},
                "eventUid": {"type": "string", "minLength": 1, "maxLength": 255},
                "expression": {**_EXPRESSION, "description": "Over the event's payload: which events count."},
                "value": {
                    "type": "object",
                    "required": ["expression"],
                    "additionalProperties": False,
                    "properties": {"expression": _EXPRESSION},
                    "description": "A number of the event's payload that is summed, such as the price of an order.",
                },
                "withinDays": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_WITHIN_DAYS,
                    "default": DEFAULT_WITHIN_DAYS,
                    "description": "How long after entering an outcome counts.",
                },
            },
            "if": {"properties": {"type": {"const": "event"}}},
            "then": {"required": ["eventUid"]},
            "else": {"properties": {"eventUid": False, "expression": False, "value": False}},
        },
    },
}

Applies = Callable[[EvaluationContext, Mapping[str, Any]], bool]
ValueOf = Callable[[EvaluationContext, Mapping[str, Any]], int]


class Metric(NamedTuple):
    """One success metric, ready to be measured."""

    id: str
    name: str
    type: MetricType
    event_uid: str
    """Empty unless it counts an event."""
    window_us: int
    applies: Applies | None
    """(context, payload): whether this event counts; None: each does. Never raises."""
    value: ValueOf | None
    """(context, payload): the event's value in thousandths, 0 when it has none. Never raises."""


def read_metrics(compiler: "Compiler") -> tuple[Metric, ...]:
    """The metrics of a document that are computed, in order."""
    found: list[Metric] = []
    seen: set[str] = set()
    for index, config in enumerate(compiler.document.get("metrics", ())):
        if isinstance(config, str):
            continue
        where = f"$.metrics[{index}]"
        if config["id"] in seen:
            compiler.fault("ERR_METRIC_ID", f"two metrics have the id {config['id']!r}", f"{where}.id")
        seen.add(config["id"])
        if len(seen) == MAX_METRICS + 1:
            compiler.fault("ERR_METRIC_NUMBER", f"a journey computes at most {MAX_METRICS} metrics", where)
        applies = value = None
        if config["type"] == "event":
            applies, value = _of_event(compiler, config, where)
        elif config["type"] in REACTION_TYPES and not _sends(compiler):
            message = f"nothing is {config['type']} in a journey that sends no message"
            compiler.fault("ERR_METRIC_MESSAGE", message, f"{where}.type")
        window_us = config.get("withinDays", DEFAULT_WITHIN_DAYS) * DAY_US
        name = config.get("label") or config["id"]
        found.append(
            Metric(config["id"], name, config["type"], config.get("eventUid", ""), window_us, applies, value)
        )  # fmt: skip
    return tuple(found)


def computed_in(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The metrics of a document that are computed, however unfinished it is."""
    metrics = document.get("metrics")
    return [one for one in metrics if isinstance(one, Mapping)] if isinstance(metrics, list) else []


def _sends(compiler: "Compiler") -> bool:
    return any(config["type"] in ("message", "customAction") for config in compiler.nodes.values())


def _of_event(
    compiler: "Compiler", config: Mapping[str, Any], where: str
) -> tuple[Applies | None, ValueOf | None]:  # fmt: skip
    event = compiler.definitions.event(config["eventUid"])
    if event is None:
        compiler.fault("ERR_EVENT_UNKNOWN", f"no event configuration {config['eventUid']!r}", f"{where}.eventUid")
        return None, None
    entry = compiler.entry
    if event.is_business or (event.namespace or "").lower() != (entry.namespace or "").lower():
        message = f"event {event.name!r} is not about {entry.namespace or 'no namespace'}, as the journey is"
        compiler.fault("ERR_EVENT_NAMESPACE", message, f"{where}.eventUid")
    scope = NodeScope({event.name: event.document}, {})
    applies = value = None
    if "expression" in config:
        explained = compiler.expression(config["expression"], scope, Type.BOOLEAN, f"{where}.expression")
        _check_enrichment(compiler, explained, f"{where}.expression")
        applies = None if explained is None else _applies(event.name, explained)
    if "value" in config:
        place = f"{where}.value.expression"
        explained = compiler.expression(config["value"]["expression"], scope, Type.DECIMAL, place)
        _check_enrichment(compiler, explained, place)
        value = None if explained is None else _value(event.name, explained)
    return applies, value


def _check_enrichment(compiler: "Compiler", explained: Explained | None, path: str) -> None:
    """An outcome may come after the individual has left, with what the journey knew of them."""
    if explained is not None and any(reference.is_enrichment for reference in explained.reads):
        message = "attributes of the audience's list can be read by activities and exit criteria only, not here"
        compiler.fault("ERR_ENRICHMENT_PLACE", message, path)


def _applies(name: str, explained: Explained) -> Applies:
    evaluate = explained.expression.evaluate

    def applies(context: EvaluationContext, payload: Mapping[str, Any]) -> bool:
        try:
            return evaluate(context._replace(events={name: payload})) is True
        except ExpressionFailed:
            return False

    return applies


def _value(name: str, explained: Explained) -> ValueOf:
    evaluate = explained.expression.evaluate

    def value(context: EvaluationContext, payload: Mapping[str, Any]) -> int:
        try:
            found = evaluate(context._replace(events={name: payload}))
        except ExpressionFailed:
            return 0
        return to_thousandths(found)

    return value


def to_thousandths(value: Any) -> int:
    """A number in whole thousandths, half to even; 0 for what is no number or is beyond MAX_VALUE."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MAX_VALUE <= value <= MAX_VALUE:
        return 0
    return round(value * VALUE_UNIT)
