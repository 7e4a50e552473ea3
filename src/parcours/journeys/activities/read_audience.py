"""The read audience activity: everyone in an audience enters, at once or again and again (journeys §8.5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from parcours.journeys.activities.kind import Builder, Kind
from parcours.journeys.run import Node, Run

MIN_RATE, MAX_RATE, DEFAULT_RATE = 500, 20_000, 5_000
"""Individuals a second."""
RECURRING = ("daily", "weekly", "monthly")
MAX_WAVES, MIN_APART_MINUTES = 10, 30


class ReadAudienceNode(Node):
    """Passed by every individual a run lets enter. What a run does is in `audience_runs`.

    It is a journey's first activity, which the engine itself leaves.
    """

    __slots__ = ()
    node_type: ClassVar[str] = "start"


class AudienceAfterEventNode(Node):
    """Read audience after a business event: the journey's one `start` is the event."""

    __slots__ = ()
    node_type: ClassVar[str] = "segmentTrigger"

    def enter(self, run: Run) -> Node | None:
        """Go on: the run let the individual enter."""
        return run.leave("default")


def is_recurring(config: Mapping[str, Any]) -> bool:
    """Whether a config's schedule has occurrences."""
    return config.get("schedule", {}).get("type", "asap") in RECURRING


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    builder.audience(config["audienceId"], ".audienceId")
    schedule = config.get("schedule", {})
    kind = schedule.get("type", "asap")
    if not builder.is_entry:
        before = builder.sources()
        if [source for _, source in before] != ["businessEvent"]:
            message = "Read audience is a journey's first activity, or comes right after its business event"
            builder.fault("ERR_READ_PLACE", message, "")
        elif "schedule" in config:
            builder.fault("ERR_READ_SCHEDULE", "the business event says when the audience is read", ".schedule")
    if not is_recurring(config):
        for member in ("incremental", "forceReentrance", "waitForAudienceHours"):
            if config.get(member):
                builder.fault("ERR_READ_SCHEDULE", f"{member} is for recurring schedules", f".{member}")
    elif "waves" in config:
        builder.fault("ERR_READ_WAVES", "waves are for audiences that are read once", ".waves")
    if "waves" in config:
        _check_waves(config["waves"], schedule, builder)
    if config.get("waitForAudienceHours") and kind != "daily":
        builder.fault("ERR_READ_SCHEDULE", "only a daily schedule can wait for the audience", ".waitForAudienceHours")
    for member in ("startDate", "endDate"):
        _check_date(schedule.get(member), f".schedule.{member}", builder)
    start, end = schedule.get("startDate"), schedule.get("endDate")
    if start is not None and end is not None and _is_before(end, start):
        builder.fault("ERR_READ_SCHEDULE", "the schedule ends before it begins", ".schedule.endDate")
    if kind == "once" and "startDate" not in schedule:
        builder.fault("ERR_READ_SCHEDULE", "a schedule of type once has a startDate", ".schedule.startDate")
    if kind == "weekly" and not schedule.get("days"):
        builder.fault("ERR_READ_SCHEDULE", "a weekly schedule names its days", ".schedule.days")
    if kind == "monthly" and not schedule.get("daysOfMonth"):
        builder.fault("ERR_READ_SCHEDULE", "a monthly schedule names its daysOfMonth", ".schedule.daysOfMonth")
    return ReadAudienceNode(node_id, name) if builder.is_entry else AudienceAfterEventNode(node_id, name)


def _check_waves(waves: Mapping[str, Any], schedule: Mapping[str, Any], builder: Builder) -> None:
    """One way to say when each wave begins, and at most one to say how large it is. Source: journeys §8.5."""

    def fault(message: str, member: str) -> None:
        builder.fault("ERR_READ_WAVES", message, f".waves.{member}")

    count: int = waves["count"]
    if "percentages" in waves and "profiles" in waves:
        fault("waves have percentages, or numbers of profiles", "profiles")
    for member in ("percentages", "profiles", "startDates"):
        if member in waves and len(waves[member]) != count:
            fault(f"there are {count} waves, and {len(waves[member])} {member}", member)
    if "percentages" in waves and round(sum(waves["percentages"]), 6) != 100:
        fault(
            f"the percentages of all waves are 100 together, not {round(sum(waves['percentages']), 6):g}", "percentages"
        )
    if "startDates" not in waves:
        if "minutesApart" not in waves:
            fault("waves have minutesApart, or startDates", "minutesApart")
        return
    if "minutesApart" in waves:
        fault("waves have minutesApart, or startDates", "startDates")
    if not builder.is_entry:
        fault("the business event says when the first wave begins", "startDates")
    before = schedule.get("startDate")
    if before is not None and not _is_date(before):
        before = None  # which is said of the schedule
    least = timedelta(0)
    for index, text in enumerate(waves["startDates"]):
        place = f"startDates[{index}]"
        try:
            at = datetime.fromisoformat(text)
            earlier = None if before is None else datetime.fromisoformat(before)
            is_early = earlier is not None and at < earlier + least
        except ValueError:
            fault(f"{text!r} is no date-time such as 2026-12-24T18:00", place)
            return
        except TypeError:  # one of the two has an offset: which is the earlier one depends on the zone
            is_early = False
        if is_early:
            apart = f"a wave begins {MIN_APART_MINUTES} minutes after the one before, at least"
            fault(apart if index else "a wave begins no earlier than the schedule", place)
        before, least = text, timedelta(minutes=MIN_APART_MINUTES)


def _check_date(text: str | None, path: str, builder: Builder) -> None:
    if text is not None and not _is_date(text):
        builder.fault("ERR_READ_SCHEDULE", f"{text!r} is no date-time such as 2026-12-24T18:00", path)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_before(end: str, start: str) -> bool:
    """Whether an end comes no later than a start, as far as their texts say: not when only one has an offset."""
    try:
        return datetime.fromisoformat(end) <= datetime.fromisoformat(start)
    except (ValueError, TypeError):
        return False


def _transitions(_config: Mapping[str, Any]) -> Sequence[str]:
    return ("default",)


_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
KIND = Kind(
    type="readAudience",
    schema={
        "required": ["audienceId"],
        "properties": {
            "audienceId": {"type": "string", "minLength": 1, "maxLength": 64},
            "identityNamespace": {"type": "string", "minLength": 1, "maxLength": 64},
            "throttlingRate": {
                "type": "integer", "minimum": MIN_RATE, "maximum": MAX_RATE, "default": DEFAULT_RATE,
                "description": "Individuals a second.",
            },
            "schedule": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "type": {"enum": ["asap", "once", *RECURRING], "default": "asap"},
                    "startDate": {"type": "string", "maxLength": 40, "description": "In the journey's time zone."},
                    "endDate": {"type": "string", "maxLength": 40},
                    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "default": "00:00"},
                    "interval": {"type": "integer", "minimum": 1, "maximum": 366, "default": 1},
                    "days": {
                        "type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": _WEEKDAYS},
                    },
                    "daysOfMonth": {
                        "type": "array", "minItems": 1, "uniqueItems": True,
                        "items": {"type": "integer", "minimum": 1, "maximum": 31},
                        "description": "Of a month without such a day, the last day.",
                    },
                },
            },
            "incremental": {"type": "boolean", "description": "After the first run, only who came in since the last."},
            "forceReentrance": {"type": "boolean", "description": "Everyone still inside leaves at each occurrence."},
            "waitForAudienceHours": {"type": "integer", "minimum": 1, "maximum": 6},
            "supplementalIdentifier": {
                "type": "object",
                "required": ["attribute"],
                "additionalProperties": False,
                "description": "An instance for each text that the attribute of a member holds, ten at most.",
                "properties": {
                    "attribute": {
                        "type": "string", "minLength": 1, "maxLength": 200,
                        "description": "Its path in the list, such as bookings.number; arrays are stepped into.",
                    },
                },
            },
            "waves": {
                "type": "object",
                "required": ["count"],
                "additionalProperties": False,
                "description": "The next one begins when the one before has ended, at the earliest.",
                "properties": {
                    "count": {"type": "integer", "minimum": 2, "maximum": MAX_WAVES},
                    "minutesApart": {"type": "integer", "minimum": MIN_APART_MINUTES, "maximum": 525_600},
                    "startDates": {
                        "type": "array", "minItems": 2, "maxItems": MAX_WAVES,
                        "items": {"type": "string", "maxLength": 40},
                        "description": "In place of minutesApart: of each wave, in the journey's time zone.",
                    },
                    "percentages": {
                        "type": "array", "minItems": 2, "maxItems": MAX_WAVES,
                        "items": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
                        "description": "Of the audience, wave by wave, 100 together; left out: equal waves.",
                    },
                    "profiles": {
                        "type": "array", "minItems": 2, "maxItems": MAX_WAVES,
                        "items": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
                        "description": "How many members each wave reads; who is left over does not enter.",
                    },
                },
            },
        },
    },
    build=_build,
    transitions=_transitions,
    can_be_entry=True,
)  # fmt: skip
