"""Who is called next. Hosts take turns; within a host, the journeys that call it; within one of these, order is kept.

Calls in flight hold places of two pools. The first is for hosts that answer in time; a host earns its places there,
a few at first and one more with each answer, and none holds more than SHARE times what is left free (dynamic
thresholds: Choudhury and Hahne, 1998). A call that takes long moves to the second pool,
and so do the later ones of its host, as long as it is slow. Places there are earned by answers, too, however late,
and lost again by silence: a host that hangs takes nothing from the others, nor time for calls that nobody answers.
Source: journeys §6.6.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from parcours.channels.draft import METHOD as MESSAGE
from parcours.delivery.circuit import Circuit
from parcours.delivery.model import OutboxRow
from parcours.journeys.model import ActionOutcome

SHARE = 3
FIRST_PLACES = 32
"""Places of a host that has not answered yet."""
SLOW_S = 0.75
"""A call that takes longer is a slow one."""
MAX_ROWS_PER_LANE = 1_000
MAX_ROWS = 10_000
"""Above these, only ids are kept in memory, and the rows are loaded again when their turn comes."""
LOW_ROWS = 100
_COST_OF_SILENCE = 8
"""Places of the second pool that a host loses for an attempt that it did not answer."""
_WEIGHT = 0.2
"""Of the latest attempt in the mean duration of a host's attempts."""
FOREVER = float("inf")


class Host:
    """A host and port that is called."""

    __slots__ = ("circuit", "lanes", "mean_s", "name", "places", "quick", "slow", "slow_places", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.lanes: dict[str, _Lane] = {}
        self.waiting: OrderedDict[str, _Lane] = OrderedDict()
        """Those with rows at hand, in the order of their turns."""
        self.quick = 0
        self.slow = 0
        """Calls in flight in each pool."""
        self.places = FIRST_PLACES
        self.slow_places: float = FIRST_PLACES
        """What it has earned of each pool."""
        self.mean_s = 0.0
        self.circuit = Circuit()

    @property
    def is_slow(self) -> bool:
        """Whether its next call belongs into the second pool."""
        return self.mean_s > SLOW_S or self.slow * 2 > self.quick + self.slow

    def note_attempt(self, elapsed_s: float, *, is_answered: bool) -> None:
        """An attempt took so long until its answer, or until it was given up."""
        self.mean_s += (elapsed_s - self.mean_s) * _WEIGHT
        if elapsed_s > SLOW_S:
            self.places = FIRST_PLACES
        else:
            self.places += 1
        if is_answered:
            self.slow_places += 1
        else:
            self.slow_places = max(self.slow_places - _COST_OF_SILENCE, FIRST_PLACES)


class _Lane:
    """The calls of a host that keep their order: those of a journey version, or all that one throttle is about."""

    __slots__ = ("host", "is_shortened", "name", "not_before_s", "parked", "rows")

    def __init__(self, name: str, host: Host) -> None:
        self.name = name
        self.host = host
        self.rows: deque[OutboxRow] = deque()
        self.parked: deque[int] = deque()
        self.not_before_s = 0.0
        self.is_shortened = False


class Taken:
    """A call whose turn it is. `done` must be told of it, unless it has an outcome already."""

    __slots__ = ("host", "is_done", "is_probe", "is_slow", "outcome", "row", "started_s")

    def __init__(self, host: Host, row: OutboxRow, started_s: float, outcome: ActionOutcome | None) -> None:
        self.host = host
        self.row = row
        self.started_s = started_s
        self.outcome = outcome
        """What became of it without a call; None when it is to be made."""
        self.is_slow = False
        self.is_probe = False
        self.is_done = False


class Wait(NamedTuple):
    """Not yet."""

    seconds: float
    is_shortened: bool = False
    """Whether the end of any call to the host is worth another look."""


Judge = Callable[[Host, OutboxRow], Wait | ActionOutcome | None]
"""Whether a call may begin now: None if so; how long it has to wait; or what becomes of it instead of a call."""


class Backlog:
    """Committed calls: waiting, and in flight. Moments are seconds of any clock that only goes forward."""

    def __init__(self, max_in_flight: int, max_slow: int | None = None) -> None:
        """max_in_flight: places of the first pool. max_slow: of the second; as many when None."""
        self._max_quick = max_in_flight
        self._max_slow = max_in_flight if max_slow is None else max_slow
        self._hosts: dict[str, Host] = {}
        self._waiting: OrderedDict[str, Host] = OrderedDict()
        self._hungry: dict[tuple[str, str], _Lane] = {}
        """Lanes with parked rows that are about to run dry."""
        self._quick_calls: deque[Taken] = deque()
        self._quick = 0
        self._slow = 0
        self._rows = 0
        self._parked = 0
        self.next_s = FOREVER
        """When `take` may give something that it has not given the last time for want of time."""

    def __len__(self) -> int:
        return self._rows + self._parked + self.in_flight

    @property
    def in_flight(self) -> int:
        """Calls that were taken and are not done."""
        return self._quick + self._slow

    @property
    def hosts(self) -> Iterator[Host]:
        """Those that calls wait for or are in flight to."""
        return iter(self._hosts.values())

    def waiting_in(self, lane: str) -> int:
        """How many calls wait in the lanes of this name."""
        found = [host.lanes[lane] for host in self._hosts.values() if lane in host.lanes]
        return sum(len(one.rows) + len(one.parked) for one in found)

    def add(self, row: OutboxRow, lane: str | None = None) -> None:
        """Queue a row behind those of its lane: that of its journey version when none is named."""
        name = host_of(row)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
            if row.request is not None and row.request.method == MESSAGE:
                host.slow_places = FOREVER  # a provider has limits of its own, and no circuit that ends what waits
        lane = row.version_uid if lane is None else lane
        found = host.lanes.get(lane)
        if found is None:
            found = host.lanes[lane] = _Lane(lane, host)
        is_full = len(found.rows) >= MAX_ROWS_PER_LANE or (self._rows >= MAX_ROWS and bool(found.rows))
        if found.parked or is_full:
            found.parked.append(row.id)
            self._parked += 1
            return
        self._queue(found, row)

    def take(self, now_s: float, judge: Judge) -> Taken | None:
        """The next call to begin, or to answer; None when nothing may begin before `next_s`, or before one is done."""
        self.next_s = FOREVER
        for host in self._waiting.values():
            if not self._has_place(host):
                continue
            for lane in host.waiting.values():
                if lane.not_before_s > now_s:
                    self.next_s = min(self.next_s, lane.not_before_s)
                    continue
                verdict = judge(host, lane.rows[0])
                if type(verdict) is Wait:
                    lane.not_before_s = now_s + verdict.seconds
                    lane.is_shortened = verdict.is_shortened
                    self.next_s = min(self.next_s, lane.not_before_s)
                    continue
                return self._take(lane, now_s, verdict)  # type: ignore[arg-type]
        return None

    def done(self, taken: Taken) -> None:
        """A call has ended."""
        host = taken.host
        taken.is_done = True
        if taken.is_slow:
            host.slow -= 1
            self._slow -= 1
        else:
            host.quick -= 1
            self._quick -= 1
        if taken.is_probe:
            host.circuit.end_probe()
        if host.lanes:
            for lane in host.waiting.values():
                if lane.is_shortened:
                    lane.not_before_s = 0.0
        elif not host.quick and not host.slow and host.circuit.opened_at_us is None and len(self._hosts) > 1_000:
            del self._hosts[host.name]

    def age(self, now_s: float) -> None:
        """Give places of the first pool back that are held by slow calls, as far as the second one has room."""
        calls = self._quick_calls
        while calls:
            first = calls[0]
            if not first.is_done:
                if first.started_s > now_s - SLOW_S or self._slow >= self._max_slow:
                    return
                host = first.host
                first.is_slow = True
                host.quick -= 1
                host.slow += 1
                host.places = FIRST_PLACES
                self._quick -= 1
                self._slow += 1
            calls.popleft()

    @property
    def wants_parked(self) -> bool:
        """Whether a lane with parked rows is about to run dry."""
        return bool(self._hungry)

    def parked_to_load(self) -> list[tuple[tuple[str, str], list[int]]]:
        """Ids to load for each lane that is about to run dry."""
        return [
            (key, [lane.parked[i] for i in range(min(len(lane.parked), MAX_ROWS_PER_LANE // 2))])
            for key, lane in self._hungry.items()
        ]

    def unpark(self, key: tuple[str, str], ids: list[int], rows: Iterable[OutboxRow]) -> None:
        """Queue the rows loaded for what `parked_to_load` gave; ids without a row are forgotten."""
        lane = self._hungry.pop(key)
        for _ in ids:
            lane.parked.popleft()
        self._parked -= len(ids)
        for row in rows:
            self._queue(lane, row)
        self._feed(lane)

    # --- within ---

    def _has_place(self, host: Host) -> bool:
        if host.is_slow:
            free = self._max_slow - self._slow
            return free > 0 and host.slow < host.slow_places and host.slow < SHARE * free
        free = self._max_quick - self._quick
        return free > 0 and host.quick < host.places and host.quick < SHARE * free

    def _take(self, lane: _Lane, now_s: float, outcome: ActionOutcome | None) -> Taken:
        host = lane.host
        row = lane.rows.popleft()
        self._rows -= 1
        if lane.rows:
            host.waiting.move_to_end(lane.name)
        else:
            del host.waiting[lane.name]
        if host.waiting:
            self._waiting.move_to_end(host.name)
        else:
            del self._waiting[host.name]
        self._feed(lane)
        taken = Taken(host, row, now_s, outcome)
        if outcome is not None:
            return taken
        if host.is_slow:
            taken.is_slow = True
            host.slow += 1
            self._slow += 1
        else:
            host.quick += 1
            self._quick += 1
            self._quick_calls.append(taken)
        return taken

    def _feed(self, lane: _Lane) -> None:
        if lane.parked:
            if len(lane.rows) < LOW_ROWS:
                self._hungry[lane.host.name, lane.name] = lane
        elif not lane.rows:
            lane.host.lanes.pop(lane.name, None)

    def _queue(self, lane: _Lane, row: OutboxRow) -> None:
        if not lane.rows:
            lane.host.waiting[lane.name] = lane
            self._waiting[lane.host.name] = lane.host
        lane.rows.append(row)
        self._rows += 1


def host_of(row: OutboxRow) -> str:
    """The host and port a row calls, as its URL writes them."""
    if row.request is None:
        return ""
    return row.request.url.partition("://")[2].partition("/")[0].partition("?")[0].lower()
