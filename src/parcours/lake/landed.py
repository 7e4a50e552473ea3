"""Landed records as the entities they were, in the order of their timestamps, a slice of time after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from parcours.kit.clock import to_datetime, to_us
from parcours.lake.convert import quoted
from parcours.lake.entities import to_entity
from parcours.lake.errors import QueryInvalid
from parcours.lake.model import DataSetName, LakeSchema
from parcours.lake.query import Lake

SLICE_ROWS = 20_000
"""Records read and sorted at once, as far as an hour does not hold more."""
_HOUR_US = 3_600_000_000


class Slice(NamedTuple):
    """A stretch of time, its end left out."""

    from_us: int
    to_us: int
    record_count: int = 0


@dataclass(frozen=True, slots=True)
class Landed:
    """The records of some data sets of a sandbox."""

    lake: Lake
    scope_id: int
    names: Sequence[DataSetName]
    """Every data set of the sandbox."""
    schemas: Mapping[str, LakeSchema | None]
    """Those to read: the schema of their records by data set id; None for one without."""

    def slices(self, from_us: int, to_us: int) -> list[Slice]:
        """Stretches of whole hours that hold records, few enough in each; none when nothing landed in between."""
        counts: dict[int, int] = {}
        for dataset_id in self.schemas:
            sql = (
                f"SELECT epoch_us(date_trunc('hour', \"timestamp\")) AS hour, count(*) AS records "  # noqa: S608
                f"FROM {quoted(dataset_id)} WHERE {_between(from_us, to_us)} GROUP BY 1"
            )
            for row in self._rows(sql):
                counts[row["hour"]] = counts.get(row["hour"], 0) + row["records"]
        found: list[Slice] = []
        size = 0
        for hour_us in sorted(counts):
            until_us = hour_us + _HOUR_US
            if found and size + counts[hour_us] <= SLICE_ROWS:
                size += counts[hour_us]
                found[-1] = Slice(found[-1].from_us, until_us, size)
            else:
                size = counts[hour_us]
                found.append(Slice(hour_us, until_us, size))
        return [Slice(max(one.from_us, from_us), min(one.to_us, to_us), one.record_count) for one in found]

    def read(self, part: Slice) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """(timestamp in microseconds, data set id, entity) of a slice's records; in order within each data set."""
        for dataset_id, schema in self.schemas.items():
            sql = (
                f"SELECT * FROM {quoted(dataset_id)} WHERE {_between(part.from_us, part.to_us)} "  # noqa: S608
                f'ORDER BY "timestamp", "_id"'
            )
            for row in self._rows(sql):
                at = row.get("timestamp")
                if isinstance(at, datetime):
                    yield to_us(at), dataset_id, to_entity(row, schema)

    def _rows(self, sql: str) -> Iterator[dict[str, Any]]:
        try:
            with self.lake.stream(self.scope_id, self.names, sql) as rows:
                for batch in rows.batches():
                    yield from batch.to_pylist(maps_as_pydicts="lossy")
        except QueryInvalid as error:
            if "timestamp" in str(error) and "not found" in str(error):  # nothing has landed yet
                return
            raise


def _between(from_us: int, to_us: int) -> str:
    start, end = (to_datetime(at_us).isoformat() for at_us in (from_us, to_us))
    return f"\"timestamp\" >= TIMESTAMPTZ '{start}' AND \"timestamp\" < TIMESTAMPTZ '{end}'"
