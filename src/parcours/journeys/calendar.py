"""What journeys do on which day: they start, end and read audiences. Source: journeys §3.3, the list screen."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from parcours.access.model import Caller
from parcours.db import Database
from parcours.journeys.activities.read_audience import RECURRING
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.moments import moment_text, read_instant
from parcours.journeys.runs_store import AudienceRun, runs_between
from parcours.journeys.schedule import next_read
from parcours.journeys.service import JourneyService
from parcours.kit.clock import Clock
from parcours.kit.errors import Invalid

Kind = Literal["start", "end", "read"]
_SHOWN = frozenset({"Deployed", "Paused"})
MAX_DAYS = 92
_DAY_US = 86_400_000_000
MAX_ENTRIES = 1_000
"""Most that are told of one period; the earliest are."""


class PeriodInvalid(Invalid):
    """A period that a calendar can't show."""


class Planned(NamedTuple):
    """One thing a journey does at a moment."""

    at_us: int
    kind: Kind
    run: AudienceRun | None = None
    """The reading of an audience that took place, is under way, or waits for its time; None for one not yet made."""


def planned(
    journey: CompiledJourney, published_us: int, runs: Sequence[AudienceRun], from_us: int, to_us: int, now_us: int
) -> Iterator[Planned]:
    """What a version does from one moment up to before another. runs: its runs that are due in between.

    A version without a start date starts when it is published. Readings that are still to come are those of its
    schedule; past ones are those that there were.
    """
    start_us = published_us if journey.start_us is None else journey.start_us
    if from_us <= start_us < to_us:
        yield Planned(start_us, "start")
    if journey.end_us is not None and from_us <= journey.end_us < to_us:
        yield Planned(journey.end_us, "end")
    yield from (Planned(run.due_at_us, "read", run) for run in runs)
    read = journey.audience_read
    if read is None or journey.type != "read_audience" or read.schedule.get("type") not in RECURRING:
        return
    known = {run.due_at_us for run in runs}
    at_us: int | None = max(now_us, from_us - 1)
    while at_us is not None:
        at_us = next_read(journey, at_us)
        if at_us is None or at_us >= to_us:
            return
        if at_us not in known:
            yield Planned(at_us, "read")


class Calendar:
    """The live journeys of a sandbox, day by day."""

    def __init__(self, db: Database, journeys: JourneyService, clock: Clock) -> None:
        self._db = db
        self._journeys = journeys
        self._clock = clock

    def between(self, caller: Caller, start: str, end: str) -> dict[str, Any]:
        """{"from", "to", "entries", "isCut"}: live and paused versions, the earliest first. Raises PeriodInvalid.

        start, end: dates or date-times, UTC without an offset; at most MAX_DAYS lie between them.
        """
        from_us, to_us = read_instant(start), read_instant(end)
        if not from_us < to_us <= from_us + MAX_DAYS * _DAY_US:
            raise PeriodInvalid(f"to is after from, and at most {MAX_DAYS} days after it", "$.to")
        now_us = self._clock.now_us()
        with self._db.read() as connection:
            shown = {
                one["live"]["uid"]: one
                for one in self._journeys.find_in(connection, caller)
                if one["live"] is not None and one["live"]["status"] in _SHOWN
            }
            live = self._journeys.live.current(connection)
            runs: dict[str, list[AudienceRun]] = {}
            for run in runs_between(connection, shown, from_us, to_us, MAX_ENTRIES + 1):
                runs.setdefault(run.version_uid, []).append(run)
        found = sorted(
            (
                (one, shown[uid], uid)
                for uid in shown
                if (journey := live.get(uid)) is not None
                for one in _first(
                    planned(journey, _published_us(shown[uid]), runs.get(uid, ()), from_us, to_us, now_us)
                )
            ),
            key=lambda one: (one[0].at_us, str(one[1]["name"])),
        )
        return {
            "from": moment_text(from_us),
            "to": moment_text(to_us),
            "entries": [_show(*one) for one in found[:MAX_ENTRIES]],
            "isCut": len(found) > MAX_ENTRIES,
        }


def _first(entries: Iterable[Planned]) -> Iterator[Planned]:
    for number, entry in enumerate(entries):
        if number > MAX_ENTRIES:
            return
        yield entry


def _published_us(shown: dict[str, Any]) -> int:
    return read_instant(shown["metadata"]["lastDeployedAt"])


def _show(entry: Planned, journey: dict[str, Any], version_uid: str) -> dict[str, Any]:
    run = entry.run
    told: dict[str, Any] = {
        "at": moment_text(entry.at_us),
        "kind": entry.kind,
        "journeyUid": journey["uid"],
        "versionUid": version_uid,
        "name": journey["name"],
        "version": journey["live"]["version"],
        "status": journey["live"]["status"],
        "entryType": journey["entryType"],
    }
    if entry.kind == "read":
        told["run"] = (
            {"status": "planned", "readCount": 0, "enteredCount": 0}
            if run is None
            else {"status": run.status, "readCount": run.read_count, "enteredCount": run.entered_count}
        )
    return told
