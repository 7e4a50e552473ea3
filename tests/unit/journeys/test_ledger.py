"""What a simulated world keeps in memory of audiences and runs."""

import gc
import sys
import threading
from typing import Any

import pytest

from parcours.journeys.ledger import Ledger


def test_a_ledger_made_in_one_thread_is_closed_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Ledger] = []
    thread = threading.Thread(target=lambda: made.append(Ledger([], 1)))
    thread.start()
    thread.join()
    connection = made[0].connection
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    monkeypatch.setattr(sys, "excepthook", lambda *fault: complaints.append(fault))
    made.clear()
    gc.collect()
    assert complaints == []
    assert connection.closed
