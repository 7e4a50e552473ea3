"""Records of one transaction that land in a data set enabled for lookup: taken one by one, written together."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection

from parcours.lookups.keys import key_of
from parcours.lookups.model import MAX_ROW_BYTES, LookupTable
from parcours.lookups.store import Row, find_loaded, put_rows


class LookupWorkspace:
    """Of several records of one key the last counts."""

    def __init__(self, table: LookupTable) -> None:
        self._paths = table.by_id
        self._lines: dict[tuple[int, str, str], bytes] = {}
        self._read: dict[tuple[int, str, str], dict[str, Any] | None] = {}
        """Rows that were asked for, None where there is none that can be read."""

    def take(self, place: tuple[int, str], entity: Mapping[str, Any], line: bytes) -> None:
        """A record that lands in a data set, given by scope and id; without a key it isn't kept."""
        path = self._paths.get(place)
        if path is None:
            return
        key = key_of(entity, path)
        if key is not None:
            self._lines[(*place, key)] = line

    def preload(self, connection: Connection, scope_id: int, dataset_id: str, keys: Iterable[str]) -> None:
        """Read rows that `row` will be asked for, at once."""
        wanted = [key for key in keys if (scope_id, dataset_id, key) not in self._read]
        found = find_loaded(connection, scope_id, dataset_id, wanted) if wanted else {}
        for key in wanted:
            row = found.get(key)
            self._read[scope_id, dataset_id, key] = None if row is None else row.body

    def row(self, connection: Connection, scope_id: int, dataset_id: str, key: str) -> dict[str, Any] | None:
        """A row as of now, one that was taken before included; None: there is none, or it is longer than one may be."""
        place = (scope_id, dataset_id, key)
        line = self._lines.get(place)
        if line is not None:
            return orjson.loads(line) if len(line) <= MAX_ROW_BYTES else None
        if place not in self._read:
            self.preload(connection, scope_id, dataset_id, [key])
        return self._read[place]

    def flush(self, connection: Connection, now_us: int) -> None:
        """Write what was taken since the last time: at the end, and before a look-up that is to find it."""
        put_rows(connection, [stored_row(*place, now_us, line) for place, line in self._lines.items()])
        for place in self._lines:
            self._read.pop(place, None)
        self._lines.clear()


def stored_row(scope_id: int, dataset_id: str, key: str, now_us: int, line: bytes) -> Row:
    """A row as it is stored; of one that is too long only its length."""
    body = line.decode() if len(line) <= MAX_ROW_BYTES else None
    return scope_id, dataset_id, key, now_us, len(line), body
