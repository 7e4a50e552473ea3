"""The wait activity: a duration, or a date an expression gives (journeys §8.7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import DURATION_SCHEMA, Builder, Explained, Kind, duration_us
from parcours.journeys.model import StartTimer, Stimulus, TimerDue
from parcours.journeys.run import Node, Run
from parcours.kit.clock import to_us


class WaitNode(Node):
    """Holds the instance until a moment: `duration_us` from now, or what `expression` says."""

    __slots__ = ("duration_us", "expression", "time_zone")
    node_type: ClassVar[str] = "wait"
    step_type: ClassVar[str | None] = "Timer"

    def __init__(
        self, node_id: str, name: str, duration_us: int, expression: Explained | None, time_zone: ZoneInfo
    ) -> None:
        super().__init__(node_id, name)
        self.duration_us = duration_us
        self.expression = expression
        self.time_zone = time_zone

    @property
    def has_timer(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Node | None:
        """Start the timer. A moment past is no wait; one after the global timeout ends the instance here."""
        if self.expression is None:
            due_at_us = run.now_us + self.duration_us
        else:
            try:
                due_at_us = self._due_at_us(self.expression.expression.evaluate(run.context()))
            except ExpressionFailed as error:
                return run.fail("evaluation", "error", detail={"reason": str(error)})
        detail = {"untilUs": due_at_us}
        if due_at_us <= run.now_us:
            return run.leave("default", detail=detail)
        if due_at_us > run.deadline_us:
            run.end_early("ended", "ended", {**detail, "reason": "notEnoughTimeLeft"})
            return None
        run.commands.append(StartTimer(self.id, run.pass_no, due_at_us, "wait"))
        run.step(self, "transitions", None, processed=False, detail=detail)
        run.hold("timer")
        return None

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """The timer."""
        if isinstance(stimulus, TimerDue):
            return run.leave("default")
        return super().resume(run, stimulus)

    def _due_at_us(self, value: Any) -> int:
        """A dateTimeOnly read in the journey's time zone."""
        if not isinstance(value, datetime):
            raise ExpressionFailed("the wait's expression gave no date")
        try:
            return to_us(value if value.tzinfo is not None else value.replace(tzinfo=self.time_zone))
        except OverflowError:
            raise ExpressionFailed("the wait's date lies outside the years 1 to 9999") from None


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    if config.get("waitType", "duration") == "custom":
        expression = builder.expression(config["expression"], ".expression", Type.DATE_TIME_ONLY)
        return WaitNode(node_id, name, 0, expression, builder.time_zone)
    length_us = duration_us(config["duration"])
    if length_us > builder.global_timeout_us:
        builder.fault("ERR_WAIT_DURATION", "the wait is longer than the global timeout", ".duration.value")
    return WaitNode(node_id, name, length_us, None, builder.time_zone)


KIND = Kind(
    type="wait",
    schema={
        "properties": {
            "waitType": {"enum": ["duration", "custom"]},
            "duration": DURATION_SCHEMA,
            "expression": {"type": "string", "minLength": 1},
        },
        "if": {"required": ["waitType"], "properties": {"waitType": {"const": "custom"}}},
        "then": {"required": ["expression"]},
        "else": {"required": ["duration"]},
    },
    build=_build,
    transitions=lambda _config: ("default",),
)
