"""Which work comes next, in a world where each piece of work takes time on a manual clock and nothing else does."""

from collections import deque
from datetime import timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.kit.clock import ManualClock
from parcours.worker import Turns

MOST = 1_000
COST_US = 150
"""Of one record, timer or answer."""
TRANSACTION_US = 3_000
"""Of a transaction, whatever is in it."""
ROUND_US = 3 * (MOST * COST_US + TRANSACTION_US)


class World:
    """A pipeline in memory, and what happened in it: (kind, when it was due or came, when it was committed)."""

    def __init__(self) -> None:
        self.clock = ManualClock(1_000_000_000)
        self.records: deque[int] = deque()
        self.timers: deque[int] = deque()
        self.answers: deque[int] = deque()
        self.stops = self.unnoticed_stops = 0
        self.known_due_us: int | None = None
        self.looks: list[int] = []
        self.done: list[tuple[str, int, int]] = []
        self.turns = Turns(
            self,  # type: ignore[arg-type]
            lambda: self._work("answer", self.answers, MOST),
            MOST,
            1.0,
            clock=self.clock,
            monotonic=lambda: self.clock.now_us() / 1e6,
        )

    # --- what Turns sees of a pipeline ---

    @property
    def next_due_us(self) -> int | None:
        return self.known_due_us

    @property
    def has_due(self) -> bool:
        return self.known_due_us is not None and self.known_due_us <= self.clock.now_us()

    @property
    def has_stops(self) -> bool:
        return self.stops > 0

    has_qualifications = has_runs = False

    def look(self) -> None:
        self.looks.append(self.clock.now_us())
        self.stops += self.unnoticed_stops
        self.unnoticed_stops = 0
        self._know()

    def run_records(self, most: int) -> int:
        return self._work("record", self.records, most)

    def run_timers(self, most: int) -> int:
        now_us = self.clock.now_us()
        due = takewhile(lambda due_us: due_us <= now_us, self.timers)
        return self._work("timer", self.timers, sum(1 for _ in islice(due, most)))

    def run_stops(self, most: int) -> int:
        self.stops -= 1
        return most

    def _work(self, kind: str, queue: "deque[int]", most: int) -> int:
        batch = [queue.popleft() for _ in range(min(most, len(queue)))]
        self.clock.advance(timedelta(microseconds=COST_US * len(batch) + TRANSACTION_US * bool(batch)))
        self.done += [(kind, came_us, self.clock.now_us()) for came_us in batch]
        if batch:
            self._know()
        return len(batch)

    def _know(self) -> None:
        self.known_due_us = self.timers[0] if self.timers else None

    # --- what tests do ---

    def sleep(self) -> bool:
        """What the worker does with nothing to do; how long it was."""
        self.clock.advance(timedelta(seconds=self.turns.wait_s()))
        return True

    def lateness_us(self, kind: str) -> list[int]:
        return [committed_us - came_us for what, came_us, committed_us in self.done if what == kind]


def test_a_burst_of_timers_holds_a_record_up_by_two_transactions_at_most() -> None:
    world = World()
    now_us = world.clock.now_us()
    world.timers.extend([now_us] * 100_000)
    world.look()
    while world.timers:
        world.records.append(world.clock.now_us())
        world.answers.append(world.clock.now_us())
        world.turns.take(is_told=False)
    world.turns.take(is_told=False)
    assert len(world.lateness_us("timer")) == 100_000
    assert max(world.lateness_us("record")) <= ROUND_US
    assert max(world.lateness_us("answer")) <= ROUND_US


def test_a_flood_of_records_and_answers_holds_a_timer_up_by_a_round_at_most() -> None:
    world = World()
    now_us = world.clock.now_us()
    world.records.extend([now_us] * 100_000)
    world.answers.extend([now_us] * 100_000)
    world.timers.extend(now_us + n * 400_000 for n in range(50))
    world.look()
    while world.records or world.answers:
        world.turns.take(is_told=True)
    late = world.lateness_us("timer")
    assert len(late) >= 40
    assert min(late) >= 0
    assert max(late) <= ROUND_US


def test_what_comes_steadily_below_capacity_is_never_more_than_a_round_late() -> None:
    """5 000 timers a second for a minute with 1 000 events a second beside them: 0.9 of the time there is."""
    world = World()
    start_us = world.clock.now_us()
    world.timers.extend(start_us + n * 200 for n in range(300_000))
    events = deque(start_us + n * 1_000 for n in range(60_000))
    world.look()
    while world.timers or events:
        while events and events[0] <= world.clock.now_us():
            world.records.append(events.popleft())
        if not world.turns.take(is_told=False):
            world.sleep()
    late = sorted(world.lateness_us("timer"))
    assert late[0] >= 0
    assert late[int(len(late) * 0.99)] < 1_000_000
    assert max(world.lateness_us("record")) < 1_000_000


@settings(deadline=None)
@given(st.lists(st.integers(0, 5_000_000), min_size=1, max_size=40))
def test_a_timer_is_handled_in_time_and_never_early_when_nothing_else_happens(delays: list[int]) -> None:
    world = World()
    world.timers.extend(sorted(world.clock.now_us() + delay for delay in delays))
    world.look()
    turns = 0
    while world.timers:
        if not world.turns.take(is_told=False):
            world.sleep()
        turns += 1
    late = world.lateness_us("timer")
    assert min(late) >= 0
    assert max(late) <= 2 * (COST_US * len(delays) + TRANSACTION_US)
    assert turns <= 3 * len(delays) + 12, "nobody waits by asking again and again"


def test_with_nothing_to_do_nothing_is_done_but_a_look_each_second() -> None:
    world = World()
    begin_us = world.clock.now_us()
    turns = 0
    while world.clock.now_us() < begin_us + 60_000_000:
        assert world.turns.take(is_told=False) == 0
        world.sleep()
        turns += 1
    assert turns <= 61
    assert len(world.looks) <= 61


def test_a_stop_that_is_told_is_noticed_within_a_tenth_of_a_second_and_one_that_is_not_within_one() -> None:
    for is_told, limit_us in ((True, 100_000), (False, 1_000_000)):
        world = World()
        world.turns.take(is_told=False)
        world.clock.advance(timedelta(milliseconds=10))
        world.unnoticed_stops = 1
        begin_us = world.clock.now_us()
        while not world.turns.take(is_told=is_told):
            world.sleep()
        assert world.clock.now_us() - begin_us <= limit_us


@pytest.mark.parametrize("wakes", [1, 1_000])
def test_being_told_again_and_again_of_nothing_costs_ten_looks_a_second(wakes: int) -> None:
    world = World()
    for _ in range(wakes):
        world.turns.take(is_told=True)
        world.clock.advance(timedelta(milliseconds=1))
    assert len(world.looks) <= wakes * 0.01 + 1
