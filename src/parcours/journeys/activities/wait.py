"""The wait activity: a duration, a fixed date, or a date an expression gives (journeys §8.7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import DURATION_SCHEMA, Builder, Explained, Kind, duration_us
from parcours.journeys.activities.listener import Armed, Listener
from parcours.journeys.model import TimerKind
from parcours.journeys.run import Run
from parcours.kit.clock import to_us


class WaitNode(Listener):
    """Holds the instance until a moment."""

    __slots__ = ("date", "duration_us", "expression")
    node_type: ClassVar[str] = "wait"
    step_type: ClassVar[str | None] = "Timer"
    timer_kind: ClassVar[TimerKind] = "wait"

    def __init__(
        self, node_id: str, name: str, *, duration_us: int = 0, date: datetime | None = None,
        expression: Explained | None = None,
    ) -> None:  # fmt: skip
        """One of: a duration from now, a date, an expression that gives one. Without offset: in the journey's zone."""
        super().__init__(node_id, name)
        self.duration_us = duration_us
        self.date = date
        self.expression = expression
        self.waiting_for = "timer"

    def holds_timer(self, run: Run) -> bool:
        """Always."""
        return True

    def arm(self, run: Run) -> Armed:
        """The moment. One that is past is no wait; one after the global timeout ends the instance here."""
        value: Any = self.date
        if self.expression is not None:
            value = self.expression.expression.evaluate(run.context())
        elif value is None:
            due_at_us = run.now_us + self.duration_us
            return Armed(due_at_us, {"untilUs": due_at_us})
        due_at_us = _due_at_us(value, run)
        return Armed(due_at_us, {"untilUs": due_at_us})

    def due(self, run: Run) -> tuple[str, Mapping[str, Any]]:
        """Go on."""
        return "default", {}


def _due_at_us(value: Any, run: Run) -> int:
    """A dateTimeOnly read in the journey's time zone. Of an hour that comes twice, the first is meant."""
    if not isinstance(value, datetime):
        raise ExpressionFailed("the wait's expression gave no date")
    try:
        return to_us(value if value.tzinfo is not None else value.replace(tzinfo=run.time_zone()))
    except OverflowError:
        raise ExpressionFailed("the wait's date lies outside the years 1 to 9999") from None


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> WaitNode:
    wait_type = config.get("waitType", "duration")
    if wait_type == "custom":
        expression = builder.expression(config["expression"], ".expression", Type.DATE_TIME_ONLY)
        return WaitNode(node_id, name, expression=expression)
    if wait_type == "fixedDate":
        try:
            date = datetime.fromisoformat(config["date"])
        except ValueError:
            builder.fault("ERR_WAIT_DATE", f"{config['date']!r} is no date-time such as 2026-12-24T18:00", ".date")
            date = datetime.min
        return WaitNode(node_id, name, date=date)
    length_us = duration_us(config["duration"])
    if length_us > builder.global_timeout_us:
        builder.fault("ERR_WAIT_DURATION", "the wait is longer than the global timeout", ".duration.value")
    return WaitNode(node_id, name, duration_us=length_us)


def _needs(wait_type: str, member: str) -> dict[str, Any]:
    of_type: dict[str, Any] = {"properties": {"waitType": {"const": wait_type}}}
    if wait_type != "duration":
        of_type["required"] = ["waitType"]
    return {"if": of_type, "then": {"required": [member]}}


KIND = Kind(
    type="wait",
    schema={
        "properties": {
            "waitType": {"enum": ["duration", "custom", "fixedDate"]},
            "duration": DURATION_SCHEMA,
            "expression": {"type": "string", "minLength": 1},
            "date": {"type": "string", "maxLength": 40},
        },
        "allOf": [_needs("duration", "duration"), _needs("custom", "expression"), _needs("fixedDate", "date")],
    },
    build=_build,
    transitions=lambda _config: ("default",),
    can_be_parallel=True,
)
