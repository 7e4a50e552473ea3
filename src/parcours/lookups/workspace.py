"""Records of one transaction that land in a data set enabled for lookup: taken one by one, written together."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.lookups.keys import key_of
from parcours.lookups.model import MAX_ROW_BYTES, LookupTable
from parcours.lookups.store import Row, put_rows


class LookupWorkspace:
    """Of several records of one key the last counts."""

    def __init__(self, table: LookupTable) -> None:
        self._paths = table.by_id
        self._lines: dict[tuple[int, str, str], bytes] = {}

    def take(self, place: tuple[int, str], entity: Mapping[str, Any], line: bytes) -> None:
        """A record that lands in a data set, given by scope and id; without a key it isn't kept."""
        path = self._paths.get(place)
        if path is None:
            return
        key = key_of(entity, path)
        if key is not None:
            self._lines[(*place, key)] = line

    def flush(self, connection: Connection, now_us: int) -> None:
        """Write what was taken since the last time: at the end, and before a look-up that is to find it."""
        put_rows(connection, [stored_row(*place, now_us, line) for place, line in self._lines.items()])
        self._lines.clear()


def stored_row(scope_id: int, dataset_id: str, key: str, now_us: int, line: bytes) -> Row:
    """A row as it is stored; of one that is too long only its length."""
    body = line.decode() if len(line) <= MAX_ROW_BYTES else None
    return scope_id, dataset_id, key, now_us, len(line), body
