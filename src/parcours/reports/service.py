"""Reads counters and makes reports of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.events.errors import EventNotFound
from parcours.events.model import EVENT_KIND
from parcours.journeys import counter_store
from parcours.journeys.counters import Count, outcome_of
from parcours.journeys.service import JourneyService
from parcours.journeys.versions import RUNNING, VERSION_KIND
from parcours.kit.clock import Clock, to_datetime
from parcours.reports.figures import counters, point, rate, shape_of, summarize
from parcours.reports.metrics import summarize_metrics
from parcours.reports.period import (
    DEFAULT_DAYS,
    Period,
    hour_text,
    live_period,
    read_interval,
    read_period,
)
from parcours.resources.store import Resource, ResourceStore

_OVERVIEW = ("entered", "ended", "discard")


class ReportService:
    """Reports of every sandbox; nothing here writes."""

    def __init__(self, db: Database, resources: ResourceStore, journeys: JourneyService, clock: Clock) -> None:
        self._db = db
        self._resources = resources
        self._journeys = journeys
        self._clock = clock

    def report(
        self,
        caller: Caller,
        version_uid: str,
        start: str | None = None,
        end: str | None = None,
        interval: str | None = None,
    ) -> dict[str, Any]:
        """A version's figures: `live`, `allTime`, the `period` asked for, and a `series` by hour or day.

        Raises JourneyNotFound or ReportQueryInvalid.
        """
        now_us = self._clock.now_us()
        live = live_period(now_us)
        asked = read_period(start, end, now_us, _default_hours(interval)) if start or end or interval else None
        width = read_interval(interval, asked) if interval and asked else 0
        with self._db.read() as connection:
            version = self._journeys.require_version(connection, caller.scope_id, version_uid)
            shape = shape_of(version.body["document"], self._journeys.names_of(connection, version))
            of_all_time = counter_store.read_counts(connection, caller.scope_id, version_uid)
            of_live = self._hours(connection, version, live)
            of_asked = {} if asked is None else self._hours(connection, version, asked)
        document, states = version.body["document"], version.body.get("experiments") or {}
        names = {node_id: node.name for node_id, node in shape.nodes.items()}

        def figures(counts: list[Count], *, is_all_time: bool) -> dict[str, Any]:
            whole = summarize(counts, shape, is_all_time=is_all_time)
            return {**whole, **summarize_metrics(counts, document, names, states)}

        found: dict[str, Any] = {
            **_whose(version),
            "at": to_datetime(now_us).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "live": {**live.to_json(), **figures(_flat(of_live), is_all_time=False)},
            "allTime": figures(of_all_time, is_all_time=True),
        }
        if asked is not None and (start or end):
            found["period"] = {**asked.to_json(), **figures(_flat(of_asked), is_all_time=False)}
        if asked is not None and width:
            found["series"] = {"interval": interval, "points": _series(of_asked, asked, width)}
        return found

    def counters(self, scope_id: int, version_uid: str) -> dict[str, Any] | None:
        """What a canvas shows of a version; None when it was deleted."""
        with self._db.read() as connection:
            version = self._resources.find(connection, scope_id, VERSION_KIND, version_uid)
            if version is None:
                return None
            shape = shape_of(version.body["document"], self._journeys.names_of(connection, version))
            found = counters(counter_store.read_counts(connection, scope_id, version_uid), shape)
        states = version.body.get("experiments") or {}
        for edge in found["edges"]:
            shares = (states.get(edge["from"]) or {}).get("shares", {})
            if edge["transition"].partition(":")[2] in shares:
                edge["share"] = shares[edge["transition"].partition(":")[2]]
        return found

    def overview(self, caller: Caller) -> dict[str, Any]:
        """The sandbox in the last 24 hours (journeys §3.3), and each live journey with traffic."""
        now_us = self._clock.now_us()
        period = live_period(now_us)
        with self._db.read() as connection:
            totals = counter_store.read_totals(connection, caller.scope_id, period.start, _OVERVIEW)
            versions = self._resources.in_scope(connection, caller.scope_id, VERSION_KIND)
        sums: dict[str, dict[str, int]] = {}
        for version_uid, what, detail, number in totals:
            of_version = sums.setdefault(version_uid, {"entered": 0, "failed": 0, "discarded": 0})
            if what == "entered":
                of_version["entered"] += number
            elif what == "discard":
                of_version["discarded"] += number
            elif outcome_of(detail) == "failed":
                of_version["failed"] += number
        unheard = sums.pop("", {"discarded": 0})["discarded"]
        known = {version.id: version for version in versions}
        journeys = [
            {**_whose(known[uid]), **of_version, **_rates(of_version)}
            for uid, of_version in sums.items()
            if uid in known
        ]
        journeys.sort(key=lambda journey: (-journey["entered"], journey["versionUid"]))
        total = {
            name: sum(of_version[name] for of_version in sums.values()) for name in ("entered", "failed", "discarded")
        }
        return {
            **period.to_json(),
            "profilesProcessed": total["entered"],
            "liveJourneys": sum(version.body["status"] in RUNNING for version in versions),
            "liveJourneysWithTraffic": sum(
                known[uid].body["status"] in RUNNING
                for uid, of_version in sums.items()
                if uid in known and (of_version["entered"] or of_version["discarded"])
            ),
            "failed": total["failed"],
            "discarded": total["discarded"],
            **_rates(total),
            "eventsWithoutJourney": unheard,
            "journeys": journeys,
        }

    def event_discards(self, caller: Caller, event_uid: str) -> dict[str, Any]:
        """Events of a configuration that came to no journey: {"allTime": {reason: count}, "live": {…}}.

        Raises EventNotFound.
        """
        period = live_period(self._clock.now_us())
        with self._db.read() as connection:
            if self._resources.find(connection, caller.scope_id, EVENT_KIND, event_uid) is None:
                raise EventNotFound(event_uid)
            rows = counter_store.read_discards(connection, caller.scope_id, event_uid)
        all_time = {reason: number for hour, reason, number in rows if hour == counter_store.ALL_TIME}
        live: dict[str, int] = {}
        for hour, reason, number in rows:
            if hour >= period.start and hour != counter_store.ALL_TIME:
                live[reason] = live.get(reason, 0) + number
        return {"eventUid": event_uid, "allTime": all_time, "live": {**period.to_json(), "reasons": live}}

    def _hours(self, connection: Connection, version: Resource, period: Period) -> dict[int, list[Count]]:
        return counter_store.read_hours(connection, version.scope_id, version.id, period.start, period.end)


def _default_hours(interval: str | None) -> int:
    return DEFAULT_DAYS * 24 if interval == "day" else 24


def _whose(version: Resource) -> dict[str, Any]:
    document = version.body["document"]
    return {
        "versionUid": version.id,
        "journeyUid": version.body["journeyUid"],
        "name": document.get("name"),
        "version": version.body["version"],
        "status": version.body["status"],
    }


def _rates(sums: Mapping[str, int]) -> dict[str, float | None]:
    return {
        "errorRate": rate(sums["failed"], sums["entered"]),
        "discardRate": rate(sums["discarded"], sums["entered"] + sums["discarded"]),
    }


def _flat(hours: Mapping[int, Sequence[Count]]) -> list[Count]:
    return [count for counts in hours.values() for count in counts]


def _series(hours: Mapping[int, Sequence[Count]], period: Period, width: int) -> list[dict[str, Any]]:
    """A point for each interval, aligned to whole days when it is one, those without traffic too."""
    first = period.start - period.start % width
    points: list[dict[str, Any]] = []
    for start in range(first, period.end, width):
        counts = [count for hour in range(start, start + width) for count in hours.get(hour, ())]
        points.append({"start": hour_text(start), **point(counts)})
    return points
