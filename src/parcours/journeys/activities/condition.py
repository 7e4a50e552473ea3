"""The condition activity: ordered paths, the first that holds is taken (journeys §8.6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from hashlib import blake2b
from typing import Any, ClassVar

from parcours.expressions.errors import ExpressionFailed
from parcours.journeys.activities.kind import Builder, Kind, brief
from parcours.journeys.activities.shared_rule import ONE_OF_BOTH, RULE_MEMBERS, RulePath, read_rule_paths
from parcours.journeys.model import TakeSlot
from parcours.journeys.run import Node, Run
from parcours.kit.clock import to_datetime

DEFAULT_CAP = 1_000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class ConditionNode(Node):
    """What the four types share: nothing but their place in the step events."""

    __slots__ = ()
    node_type: ClassVar[str] = "condition"
    step_type: ClassVar[str | None] = "Condition"

    def choose(self, run: Run, condition_type: str, transition: str | None, tried: list[dict[str, Any]]) -> Node | None:
        """Leave by the chosen path; without one by `other`, which ends the instance when the canvas has no such path.

        tried: what each path looked at gave, in order, so that the choice can be explained.
        """
        chosen = transition or "other"
        return run.leave(chosen, detail={"conditionType": condition_type, "chosen": chosen, "paths": tried})


class DataSourceCondition(ConditionNode):
    """Boolean expressions, from top to bottom."""

    __slots__ = ("condition_type", "paths")

    def __init__(self, node_id: str, name: str, paths: Sequence[RulePath], condition_type: str = "dataSource") -> None:
        super().__init__(node_id, name)
        self.condition_type = condition_type
        self.paths = tuple(
            (
                path.id, f"path:{path.id}", path.condition.expression.evaluate,
                path.condition.references, path.rule,
            )
            for path in paths
        )  # fmt: skip

    def enter(self, run: Run) -> Node | None:
        """Evaluate until one is true. A path that can't be evaluated puts the activity in error."""
        context = run.context()
        tried: list[dict[str, Any]] = []
        for path_id, transition, evaluate, references, rule in self.paths:
            entry: dict[str, Any] = {"id": path_id}
            tried.append(entry)
            if rule is not None:
                entry["rule"] = rule
            try:
                entry["references"] = {text: brief(read(context)) for text, read in references}
                result = evaluate(context)
            except ExpressionFailed as error:
                entry["error"] = str(error)
                detail = {"conditionType": self.condition_type, "paths": tried, "reason": str(error)}
                return run.fail("evaluation", "error", detail=detail)
            entry["result"] = result
            if result is True:
                return self.choose(run, self.condition_type, transition, tried)
        return self.choose(run, self.condition_type, None, tried)


class SplitCondition(ConditionNode):
    """Percentages. The draw is fixed by instance, node and pass, so that a replay takes the same path."""

    __slots__ = ("limits",)

    def __init__(self, node_id: str, name: str, percentages: Sequence[tuple[str, int]]) -> None:
        super().__init__(node_id, name)
        limits: list[tuple[str, int]] = []
        total = 0
        for path_id, percentage in percentages:
            total += percentage
            limits.append((path_id, total))
        self.limits = tuple(limits)
        """Path ids with the percentages up to and including theirs."""

    def enter(self, run: Run) -> Node | None:
        """Draw; in test mode the top path is taken."""
        if run.journey.mode == "test":
            top = self.limits[0][0]
            return self.choose(run, "split", f"path:{top}", [{"id": top, "result": True, "reason": "testMode"}])
        seed = f"{run.instance.id}\n{self.id}\n{run.pass_no}".encode()
        drawn = int.from_bytes(blake2b(seed, digest_size=8).digest(), "big") * 100 / 2**64
        chosen = next((path_id for path_id, limit in self.limits if drawn < limit), None)
        tried = [{"id": chosen, "result": True, "drawn": round(drawn, 6)}]
        return self.choose(run, "split", None if chosen is None else f"path:{chosen}", tried)


class CalendarCondition(ConditionNode):
    """Hours and week days (`time`), or dates (`date`), read in the journey's time zone."""

    __slots__ = ("condition_type", "paths")

    def __init__(self, node_id: str, name: str, condition_type: str, paths: Sequence[tuple[str, Any]]) -> None:
        super().__init__(node_id, name)
        self.condition_type = condition_type
        self.paths = tuple(paths)
        """Path ids, each with a predicate over the local date-time."""

    def enter(self, run: Run) -> Node | None:
        """Compare the clock of the journey."""
        local = to_datetime(run.now_us).astimezone(run.time_zone())
        tried: list[dict[str, Any]] = []
        for path_id, holds in self.paths:
            result = holds(local)
            tried.append({"id": path_id, "result": result, "now": local.isoformat()})
            if result:
                return self.choose(run, self.condition_type, f"path:{path_id}", tried)
        return self.choose(run, self.condition_type, None, tried)


class ProfileCapCondition(ConditionNode):
    """The first path takes individuals until the limit of the version is reached, then the second takes them."""

    __slots__ = ("full", "limit", "nominal")

    def __init__(self, node_id: str, name: str, nominal: str, full: str, limit: int) -> None:
        super().__init__(node_id, name)
        self.nominal = nominal
        self.full = full
        self.limit = limit

    def enter(self, run: Run) -> Node | None:
        """Count one more; test mode ignores the cap."""
        if run.journey.mode == "test":
            return self.take(run, True)
        run.ask(TakeSlot(self.id, run.pass_no, self.limit))
        return None

    def take(self, run: Run, reply: bool) -> Node | None:
        """By whether there was room."""
        tried = [{"id": self.nominal, "result": reply, "limit": self.limit}]
        if not reply:
            tried.append({"id": self.full, "result": True})
        return self.choose(run, "profileCap", f"path:{self.nominal if reply else self.full}", tried)


def _time_predicate(path: Mapping[str, Any], where: str, builder: Builder) -> Any:
    days = frozenset(WEEKDAYS.index(day) for day in path.get("days", WEEKDAYS))
    hours = path.get("hours")
    if hours is None and "days" not in path:
        hours = {"from": "00:00", "to": "12:00"}
    if hours is None:
        return lambda local: local.weekday() in days
    start, end = time.fromisoformat(hours["from"]), _end_of(hours["to"])
    if start == end:
        builder.fault("ERR_CONDITION_TIME", "the hours are empty: they begin when they end", f"{where}.hours")

    def holds(local: datetime) -> bool:
        at = local.time()
        inside = start <= at and (end is None or at < end) if end is None or start < end else at >= start or at < end
        # the night after a chosen day belongs to that day
        day = (local - timedelta(days=1)).weekday() if inside and end and start > end > at else local.weekday()
        return inside and day in days

    return holds


def _end_of(text: str) -> time | None:
    """None for 24:00, the end of the day."""
    return None if text == "24:00" else time.fromisoformat(text)


def _date_predicate(path: Mapping[str, Any], where: str, builder: Builder) -> Any:
    start, end = _bound(path, "from", where, builder), _bound(path, "to", where, builder)
    if start is None and end is None:
        builder.fault("ERR_CONDITION_DATE", "a date path has a `from`, a `to`, or both", where)
    if start is not None and end is not None and end <= start:
        builder.fault("ERR_CONDITION_DATE", "the period is empty: it ends before it begins", f"{where}.to")

    def holds(local: datetime) -> bool:
        at = local.replace(tzinfo=None)
        return (start is None or at >= start) and (end is None or at < end)

    return holds


def _bound(path: Mapping[str, Any], name: str, where: str, builder: Builder) -> datetime | None:
    """A date or a local date-time; a `to` that is a date includes that day."""
    text = path.get(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
        is_date = len(text) == 10
        if value.tzinfo is not None:
            raise ValueError("it has an offset")
        return value + timedelta(days=1) if name == "to" and is_date else value
    except (ValueError, OverflowError):
        builder.fault("ERR_CONDITION_DATE", f"{text!r} is no date such as 2026-01-31", f"{where}.{name}")
        return None


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    paths = config["paths"]
    condition_type = config.get("conditionType", "dataSource")
    seen: set[str] = set()
    for index, path in enumerate(paths):
        if path["id"] in seen:
            builder.fault("ERR_CONDITION_PATH", f"two paths have the id {path['id']!r}", f".paths[{index}].id")
        seen.add(path["id"])
    if condition_type == "split":
        total = sum(path["percentage"] for path in paths)
        if total != 100:
            builder.fault("ERR_CONDITION_SPLIT", f"the percentages add up to {total}, not to 100", ".paths")
        if config.get("otherPath"):
            builder.fault("ERR_CONDITION_SPLIT", "a percentage split has no path for other cases", ".otherPath")
        return SplitCondition(node_id, name, [(path["id"], path["percentage"]) for path in paths])
    if condition_type == "profileCap":
        if len(paths) != 2:
            builder.fault("ERR_CONDITION_CAP", "a profile cap has two paths: within the limit, and beyond it", ".paths")
            return ConditionNode(node_id, name)
        if config.get("otherPath"):
            builder.fault("ERR_CONDITION_CAP", "a profile cap has no path for other cases", ".otherPath")
        return ProfileCapCondition(node_id, name, paths[0]["id"], paths[1]["id"], config.get("limit", DEFAULT_CAP))
    if "limit" in config:
        builder.fault("ERR_CONDITION_CAP", "a limit is for profile caps", ".limit")
    if condition_type in ("time", "date"):
        predicate = _time_predicate if condition_type == "time" else _date_predicate
        predicates = [(path["id"], predicate(path, f".paths[{i}]", builder)) for i, path in enumerate(paths)]
        return CalendarCondition(node_id, name, condition_type, predicates)
    return DataSourceCondition(node_id, name, read_rule_paths(paths, builder))


def _transitions(config: Mapping[str, Any]) -> Sequence[str]:
    paths = [f"path:{path['id']}" for path in config["paths"]]
    return [*paths, "other", "error"] if config.get("otherPath") else [*paths, "error"]


def _path_schema(
    required: str | None, members: Mapping[str, Any], more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "properties": {
            "paths": {
                "items": {
                    "type": "object",
                    "required": ["id"] if required is None else ["id", required],
                    "properties": {
                        "id": {"type": "string", "minLength": 1, "maxLength": 64},
                        "label": {"type": "string", "maxLength": 200},
                        **members,
                    },
                    "additionalProperties": False,
                    **(more or {}),
                }
            }
        }
    }


def _when(condition_type: str, then: Mapping[str, Any]) -> dict[str, Any]:
    of_type = {"properties": {"conditionType": {"const": condition_type}}}
    if condition_type != "dataSource":
        of_type["required"] = ["conditionType"]  # type: ignore[assignment]
    return {"if": of_type, "then": then}


_CLOCK = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_CLOCK_OR_END = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
KIND = Kind(
    type="condition",
    schema={
        "required": ["paths"],
        "properties": {
            "conditionType": {"enum": ["dataSource", "split", "time", "date", "profileCap"]},
            "limit": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000, "default": DEFAULT_CAP},
            "paths": {"type": "array", "minItems": 1, "maxItems": 50},
            "otherPath": {"type": "boolean"},
        },
        "allOf": [
            _when("dataSource", _path_schema(None, RULE_MEMBERS, ONE_OF_BOTH)),
            _when(
                "split", _path_schema("percentage", {"percentage": {"type": "integer", "minimum": 0, "maximum": 100}})
            ),
            _when(
                "time",
                _path_schema(
                    None,
                    {
                        "hours": {
                            "type": "object",
                            "required": ["from", "to"],
                            "properties": {"from": _CLOCK, "to": _CLOCK_OR_END},
                            "additionalProperties": False,
                        },
                        "days": {
                            "type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(WEEKDAYS)},
                        },
                    },
                ),
            ),
            _when("profileCap", _path_schema(None, {})),
            _when("date", _path_schema(None, {"from": {"type": "string"}, "to": {"type": "string"}})),
        ],
    },
    build=_build,
    transitions=_transitions,
)  # fmt: skip
