"""Rows that landed before their data set was enabled: taken over from the lake, some in each transaction.

Until that is done, a lookup finds what has landed since, and of the rest as much as was taken over. A row that the
worker writes meanwhile stays: `updated_at_us` tells it from those of the lake, which count as written just before the
data set was enabled. Of several rows of one key in the lake the last in its files' order stays, which is the last that
landed.
"""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from parcours.db import Database
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import get_logger
from parcours.lake.entities import entities
from parcours.lake.model import DataSetName
from parcours.lake.writer import SchemaOf
from parcours.lookups import store
from parcours.lookups.keys import KeyPath, key_of
from parcours.lookups.model import MAX_ROW_BYTES, Load, LookupTable
from parcours.resources.store import Compiled

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from parcours.lake.query import Lake

PART_ROWS = 1_000
_SETTLE_US = 1_000_000
"""How long after a data set was enabled its lake is read: transactions that began before have then committed."""
_AGAIN_S = 5.0
"""Until the next try after the lake could not be read."""
_TIMEOUT_S = 3 * 3600.0
log = get_logger("lookups")


@dataclass(slots=True)
class _Reading:
    """A data set whose lake is being read."""

    load: Load
    entities: Generator[dict[str, Any], None, None] | None = None
    """None while rows of an earlier time are removed."""
    erased_through: str = ""
    row_count: int = 0
    left_out_count: int = 0


class RowLoader:
    """Loads rows and lets them go, for one data set after the other. After a crash it begins anew, to the same end."""

    def __init__(
        self,
        db: Database,
        lookups: Compiled[LookupTable],
        schema_of: SchemaOf,
        open_lake: "Callable[[], Lake]",
        clock: Clock | None = None,
        *,
        part_rows: int = PART_ROWS,
        settle_us: int = _SETTLE_US,
    ) -> None:
        self._db = db
        self._lookups = lookups
        self._schema_of = schema_of
        self._open_lake = open_lake
        self._clock = clock or SystemClock()
        self._part_rows = part_rows
        self._settle_us = settle_us
        self._reading: _Reading | None = None
        self._not_before = 0.0

    def has_work(self, connection: "Connection") -> bool:
        """Whether rows are to be loaded, or to go."""
        return bool(store.find_loads(connection, 1))

    def step(self) -> float | None:
        """As `loader.Load` has it. Raises DBAPIError; what was not committed is done again."""
        with self._db.read() as connection:
            loads = store.find_loads(connection)
        settled_us = self._clock.now_us() - self._settle_us
        load = next((one for one in loads if one.state == "erasing" or one.since_us <= settled_us), None)
        if load is None or time.monotonic() < self._not_before:
            return None
        reading = self._reading
        if reading is None or reading.load.since_us != load.since_us or reading.load.dataset_id != load.dataset_id:
            self._close()
            reading = self._reading = _Reading(load)
        try:
            if reading.entities is None:
                return self._erase(reading)
            return self._take_over(reading)
        except (ParcoursError, OSError) as error:  # the lake can't be read now
            log.warning("lookups.lake_unreadable", dataset_id=load.dataset_id, error=str(error))
            self._close()
            self._not_before = time.monotonic() + _AGAIN_S
            with self._db.write() as connection:
                store.move_load(connection, load, reason=f"the lake can't be read: {error}")
            return 0.0
        except Exception:
            self._close()
            raise

    def _erase(self, reading: _Reading) -> float:
        """Remove some rows of before the time that counts; of a data set no longer enabled, all."""
        load = reading.load
        of = load.scope_id, load.dataset_id
        is_gone = load.state == "erasing"
        before_us = 2**62 if is_gone else load.since_us
        with self._db.write() as connection:
            started = time.perf_counter()
            if store.find_load(connection, *of) != load:
                self._close()
                return 0.0
            place = store.delete_older(connection, *of, before_us, reading.erased_through, self._part_rows)
            if place is None and is_gone:
                store.delete_load(connection, load)
        if place is not None:
            reading.erased_through = place
        elif is_gone:
            self._close()
        else:
            reading.entities = self._read(load)
        return time.perf_counter() - started

    def _take_over(self, reading: _Reading) -> float:
        load, source = reading.load, reading.entities
        assert source is not None
        with self._db.read() as connection:
            path = self._lookups.current(connection).get(load.scope_id, load.dataset_id)
        if path is None:  # it was disabled a moment ago
            self._close()
            return 0.0
        found = list(islice(source, self._part_rows))
        rows = {row[2]: row for row in self._rows(load, path, found, reading)}
        is_over = len(found) < self._part_rows
        with self._db.write() as connection:
            started = time.perf_counter()
            is_current = store.move_load(
                connection,
                load,
                state="ready" if is_over else "loading",
                row_count=reading.row_count,
                left_out_count=reading.left_out_count,
            )
            if is_current:
                store.take_over_rows(connection, list(rows.values()))
        if is_over or not is_current:
            self._close()
        if is_over and is_current:
            log.info("lookups.loaded", dataset_id=load.dataset_id, rows=reading.row_count)
        return time.perf_counter() - started

    def _rows(self, load: Load, path: KeyPath, found: list[dict[str, Any]], reading: _Reading) -> Iterator[store.Row]:
        for entity in found:
            key = key_of(entity, path)
            if key is None:
                reading.left_out_count += 1
                continue
            reading.row_count += 1
            line = orjson.dumps(entity, option=orjson.OPT_UTC_Z)
            body = line.decode() if len(line) <= MAX_ROW_BYTES else None
            yield load.scope_id, load.dataset_id, key, load.since_us - 1, len(line), body

    def _read(self, load: Load) -> Generator[dict[str, Any], None, None]:
        """Every record of the data set that has landed, in the order of the lake's files."""
        names = [DataSetName(load.dataset_id, load.dataset_id)]
        sql = f'SELECT * FROM "{load.dataset_id}"'  # noqa: S608 - an id of ours
        with self._open_lake().stream(load.scope_id, names, sql, timeout_s=_TIMEOUT_S) as rows:
            yield from entities(rows, self._schema_of(load.scope_id, load.dataset_id))

    def _close(self) -> None:
        if self._reading is not None and self._reading.entities is not None:
            self._reading.entities.close()
        self._reading = None
