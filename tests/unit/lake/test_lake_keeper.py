"""When the lake's process commits, tidies and ends."""

import threading
from typing import Any

from sqlalchemy.exc import OperationalError

from parcours.lake.keeper import LakeKeeper


class Writer:
    """Says what was asked of it; each commit lands what stands next in `landing`."""

    def __init__(self, landing: list[Any]) -> None:
        self.landing = landing
        self.calls: list[str] = []
        self.keeper: LakeKeeper | None = None

    def commit_due(self) -> int:
        self.calls.append("commit")
        found = self.landing.pop(0) if self.landing else 0
        if isinstance(found, Exception):
            raise found
        if found == "stop":
            assert self.keeper is not None
            self.keeper.stop()
            return 1
        return int(found)

    def maintain(self) -> None:
        self.calls.append("maintain")

    def close(self) -> None:
        self.calls.append("close")


def run(landing: list[Any], idle_s: float) -> list[str]:
    writer = Writer(landing)
    keeper = writer.keeper = LakeKeeper(writer, every_s=0.001, idle_s=idle_s)  # type: ignore[arg-type]
    thread = threading.Thread(target=keeper.run)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    return writer.calls


def test_it_ends_by_itself_when_nothing_was_staged_and_tidies_up_first() -> None:
    calls = run([5, 3], idle_s=0.02)
    assert calls[:2] == ["commit", "commit"]
    assert calls[-2:] == ["maintain", "close"]


def test_a_stop_commits_once_more_and_tidies_nothing() -> None:
    assert run([5, "stop"], idle_s=60) == ["commit", "commit", "commit", "close"]


def test_a_fault_of_the_database_is_waited_out() -> None:
    fault = OperationalError("SELECT", {}, Exception("locked"))
    assert run([fault, fault, "stop"], idle_s=60) == ["commit"] * 4 + ["close"]
