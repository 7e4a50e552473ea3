"""What a simulated world keeps of audiences, their runs and rows of data sets: production's tables, in memory.

Who is in an audience, when it is read and whom a run lets enter are answered by the statements and rules of the worker
(`audiences/store.py`, `audience_runs.py`, `lookups/store.py`). Made only for a world that has any of it.
"""

import weakref
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, create_engine, func, select
from sqlalchemy.pool import StaticPool

from parcours.audiences import store as audience_store
from parcours.audiences.loading import PART_ROWS, bring_in, next_part
from parcours.audiences.model import Qualification
from parcours.audiences.source import UploadedAudiences
from parcours.audiences.upload_store import Mode
from parcours.db import metadata
from parcours.journeys import runs_store, store
from parcours.journeys.audience_runs import AudienceRuns, AudienceSource, Entering, ReadingPace, begin_runs
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.people import Listed
from parcours.journeys.runs_store import AudienceRun
from parcours.journeys.schedule import first_runs
from parcours.lookups.store import find_rows, lookup_row_table, put_rows
from parcours.lookups.workspace import stored_row
from parcours.xdm.identities import Identity

MEMBERS_AT_ONCE = 1_000
"""Most members read in one go, as in one transaction of the worker."""
TURN_US = 1_000_000
"""How often a run under way goes on: at its rate each second lets so many more enter."""
ASK_AGAIN_US = 60_000_000
"""When a run is looked at again that is due and has to wait, unless it is known until when."""
_MOST = 1_000_000
_r = runs_store.run_table
_NEXT_QUEUED = select(func.min(_r.c.due_at_us)).where(_r.c.status == "queued", _r.c.due_at_us > bindparam("now_us"))
_TABLES = (
    audience_store.membership_table,
    audience_store.count_table,
    audience_store.qualification_table,
    runs_store.run_table,
    store.stop_table,
    lookup_row_table,
)


class Ledger:
    """Audiences, runs and rows of one world."""

    def __init__(
        self, journeys: Iterable[CompiledJourney], scope_id: int, source: AudienceSource | None = None
    ) -> None:
        """source: answers for the audiences in place of those the ledger itself keeps."""
        # The world may be forgotten in another thread than it was made in, and its connection is closed there.
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self.connection: Connection = engine.connect()
        weakref.finalize(self, _close, self.connection)
        metadata.create_all(self.connection, tables=_TABLES)
        self.scope_id = scope_id
        self._source: AudienceSource = UploadedAudiences() if source is None else source
        self._live = _live(journeys, scope_id)
        self._pace = ReadingPace()

    # --- audiences ---

    def bring_in(
        self, audience_id: str, namespace: str, ids: Iterable[str | Listed], at_us: int, mode: Mode, *,
        is_told: bool = True,
    ) -> list[Qualification]:  # fmt: skip
        """An upload, applied at once; the changes of membership, in their order. Of two of an id the last one counts.

        is_told: False for those who are members from the beginning, which nobody hears of.
        """
        connection, of = self.connection, (self.scope_id, audience_id)
        rows = dict((one, None) if isinstance(one, str) else one for one in ids)
        listed = sorted(rows)
        after = ""
        while True:
            start = bisect_right(listed, after)
            chosen: list[tuple[str, str | None]] = [(one, rows[one]) for one in listed[start : start + PART_ROWS]]
            inside: list[str] = []
            if mode == "replace":
                inside = audience_store.identities_after(connection, *of, namespace, after, PART_ROWS)
            part = next_part(chosen, inside, PART_ROWS)
            bring_in(connection, *of, namespace, mode, part, at_us, is_listened=is_told)
            if part.through is None:
                break
            after = part.through
        taken = audience_store.take_qualifications(connection, _MOST)
        audience_store.delete_qualifications(connection, taken)
        return taken

    def audiences_of(self, identities: Iterable[Identity], audience_ids: Iterable[str]) -> Collection[str]:
        """Ids of those audiences that one of a person's identities is in."""
        return self._source.audiences_of(self.connection, self.scope_id, identities, audience_ids)

    # --- runs ---

    def publish(self, journey: CompiledJourney, now_us: int) -> None:
        """Plan the first runs of a journey that begins with Read audience."""
        for run in first_runs(journey, now_us):
            runs_store.insert_run(self.connection, run)

    def begin(self, event_uid: str, payload: Mapping[str, Any], now_us: int) -> list[dict[str, Any]]:
        """A business event; what each journey made of it."""
        return begin_runs(self.connection, self._live, self.scope_id, event_uid, payload, now_us)

    def take(self, entering: Entering, now_us: int, stop: Callable[[store.Stop], None]) -> int | None:
        """Everything that runs have to do at a moment; when to look again, None when no run is left.

        stop: takes everyone out of a version, for the reason that is told.
        """
        connection = self.connection
        before: list[AudienceRun] | None = None
        while (found := runs_store.find_runs(connection, now_us, _MOST)) != before:
            before = found
            AudienceRuns(connection, self._live, entering, self._source, now_us, self._pace).take(MEMBERS_AT_ONCE)
            for one in store.find_stops(connection):
                stop(one)
                store.finish_stop(connection, one)
        return self._next_us(found, now_us)

    def _next_us(self, waiting: Sequence[AudienceRun], now_us: int) -> int | None:
        if any(run.status == "started" for run in waiting):
            return now_us + TURN_US
        moments = [self._patience_us(run, now_us) for run in waiting]
        following = self.connection.execute(_NEXT_QUEUED, {"now_us": now_us}).scalar()
        if following is not None:
            moments.append(following)
        return min(moments, default=None)

    def _patience_us(self, run: AudienceRun, now_us: int) -> int:
        """When to look at a run again that is due and has to wait."""
        journey = self._live.get(run.version_uid)
        read = None if journey is None else journey.audience_read
        if read is None or read.wait_for_audience_us is None:
            return now_us + ASK_AGAIN_US
        return max(run.due_at_us + read.wait_for_audience_us, now_us + 1)

    def runs(self, version_uid: str) -> list[AudienceRun]:
        """Runs of a version, the first one first."""
        return runs_store.list_runs(self.connection, version_uid, _MOST)[::-1]

    # --- rows ---

    def put_rows(self, data_set_id: str, rows: Mapping[str, Any], now_us: int) -> None:
        """Set rows of a data set by their keys; one that is there is replaced."""
        place = (self.scope_id, data_set_id)
        put_rows(self.connection, [stored_row(*place, key, now_us, orjson.dumps(row)) for key, row in rows.items()])

    def look_up(self, data_set_id: str, keys: Sequence[str], paths: Sequence[str]) -> list[dict[str, Any]]:
        """See `lookups.store.find_rows`."""
        return find_rows(self.connection, self.scope_id, data_set_id, keys, paths)


def _live(journeys: Iterable[CompiledJourney], scope_id: int) -> LiveJourneys:
    """The journeys of a world as the worker's table has them."""
    every = tuple(journeys)
    entries: dict[tuple[int, str], tuple[CompiledJourney, ...]] = {}
    for journey in every:
        place = (scope_id, journey.entry_event_uid)
        entries[place] = (*entries.get(place, ()), journey)
    return LiveJourneys(
        entries,
        versions={journey.version_uid: journey for journey in every},
        open={(scope_id, journey.journey_uid): journey for journey in every},
        names={journey.version_uid: journey.name for journey in every},
        scopes=frozenset({scope_id}),
    )


def _close(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()
