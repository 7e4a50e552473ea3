"""The loader's loop: each load in turn, a fault of one is not the other's, an end when there is nothing to do."""

import threading

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from parcours.loader import Loader


class Steps:
    """A load whose steps are given: seconds, None for nothing to do, or an error."""

    def __init__(self, *steps: float | Exception | None) -> None:
        self._steps = list(steps)
        self.taken = 0

    def has_work(self, connection: Connection) -> bool:
        return bool(self._steps)

    def step(self) -> float | None:
        self.taken += 1
        found = self._steps.pop(0) if self._steps else None
        if isinstance(found, Exception):
            raise found
        return found


def test_every_load_has_its_turn_and_nothing_to_do_is_told() -> None:
    one, other = Steps(0.0, 0.0), Steps(0.0)
    loader = Loader([one, other])
    assert [loader.work_once() for _ in range(3)] == [True, True, False]
    assert (one.taken, other.taken) == (3, 3)


def test_a_fault_of_one_load_is_tried_again_and_leaves_the_other_alone() -> None:
    gone = OperationalError("gone", None, Exception())
    one, other = Steps(gone, OSError("no room"), 0.0), Steps(0.0, 0.0, 0.0)
    loader = Loader([one, other])
    loader.stop()  # so that it waits for nothing
    assert [loader.work_once() for _ in range(4)] == [True, True, True, False]
    assert (one.taken, other.taken) == (4, 4)


def test_it_stays_away_for_as_long_as_it_held_the_database() -> None:
    waited: list[float | None] = []
    loader = Loader([Steps(0.25, 0.0), Steps(0.5)])
    loader._stop.wait = waited.append  # type: ignore[method-assign,assignment]
    loader.work_once()
    assert waited == [0.25, 0.5]


def test_it_ends_when_there_was_nothing_to_do_for_a_while_and_when_it_is_told_to() -> None:
    Loader([Steps(0.0)], idle_s=0.0).run()
    endless = Loader([Steps(*[0.0] * 1_000_000)])
    thread = threading.Thread(target=endless.run)
    thread.start()
    endless.stop()
    thread.join(timeout=60)
    assert not thread.is_alive()
