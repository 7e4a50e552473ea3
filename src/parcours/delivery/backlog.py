"""Who is called next: hosts take turns, and none takes so many places that the others wait for it.

A host may start a call while it has fewer in flight than SHARE times the places left free (dynamic thresholds:
Choudhury and Hahne, 1998). One busy host alone gets three quarters of all places; the more are busy, the less
each gets, and a place is always left for one that comes later.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable

from parcours.delivery.model import OutboxRow

SHARE = 3
MAX_ROWS_PER_HOST = 1_000
MAX_ROWS = 10_000
"""Above these, only ids are kept in memory, and the rows are loaded again when their turn comes."""
LOW_ROWS = 100


class _Host:
    __slots__ = ("in_flight", "name", "parked", "rows")

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: deque[OutboxRow] = deque()
        self.parked: deque[int] = deque()
        self.in_flight = 0


class Backlog:
    """Committed calls by host: waiting, and in flight."""

    def __init__(self, max_in_flight: int) -> None:
        self._max_in_flight = max_in_flight
        self._hosts: dict[str, _Host] = {}
        self._waiting: OrderedDict[str, _Host] = OrderedDict()
        self._rows = 0
        self._parked = 0
        self.in_flight = 0

    def __len__(self) -> int:
        return self._rows + self._parked + self.in_flight

    def add(self, row: OutboxRow) -> None:
        """Queue a row behind those of its host."""
        name = host_of(row)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(name)
        is_full = len(host.rows) >= MAX_ROWS_PER_HOST or (self._rows >= MAX_ROWS and bool(host.rows))
        if host.parked or is_full:
            host.parked.append(row.id)
            self._parked += 1
            return
        self._queue(host, row)

    def take(self) -> tuple[str, OutboxRow] | None:
        """The next call to start and its host; None when nothing may start. End it with `done`."""
        free = self._max_in_flight - self.in_flight
        if free <= 0:
            return None
        host = next((host for host in self._waiting.values() if host.in_flight < SHARE * free), None)
        if host is None:
            return None
        row = host.rows.popleft()
        if host.rows:
            self._waiting.move_to_end(host.name)
        else:
            del self._waiting[host.name]
        self._rows -= 1
        host.in_flight += 1
        self.in_flight += 1
        return host.name, row

    def done(self, name: str) -> None:
        """A call to this host has ended."""
        host = self._hosts[name]
        host.in_flight -= 1
        self.in_flight -= 1
        if not host.in_flight and not host.rows and not host.parked:
            del self._hosts[name]

    @property
    def wants_parked(self) -> bool:
        """Whether a host with parked rows is about to run dry."""
        return self._parked > 0 and any(h.parked and len(h.rows) < LOW_ROWS for h in self._hosts.values())

    def parked_to_load(self) -> list[tuple[str, list[int]]]:
        """Ids to load for each host that is about to run dry."""
        return [
            (host.name, [host.parked[i] for i in range(min(len(host.parked), MAX_ROWS_PER_HOST // 2))])
            for host in self._hosts.values()
            if host.parked and len(host.rows) < LOW_ROWS
        ]

    def unpark(self, name: str, ids: list[int], rows: Iterable[OutboxRow]) -> None:
        """Queue the rows loaded for what `parked_to_load` gave; ids without a row are forgotten."""
        host = self._hosts[name]
        for _ in ids:
            host.parked.popleft()
        self._parked -= len(ids)
        for row in rows:
            self._queue(host, row)

    def _queue(self, host: _Host, row: OutboxRow) -> None:
        if not host.rows:
            self._waiting[host.name] = host
        host.rows.append(row)
        self._rows += 1


def host_of(row: OutboxRow) -> str:
    """The host and port a row calls, as its URL writes them."""
    if row.request is None:
        return ""
    return row.request.url.partition("://")[2].partition("/")[0].partition("?")[0].lower()
