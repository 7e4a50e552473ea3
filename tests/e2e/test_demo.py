"""`make demo ARGS=--exit`: the main job on real input, as a person runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from running import DEMO, free_port


@pytest.fixture(scope="module")
def demo_run() -> "subprocess.CompletedProcess[str]":
    """The demo, run to its end."""
    return subprocess.run(
        [sys.executable, str(DEMO / "demo.py"), "--exit", "--port", str(free_port())],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "160", "PYTHONPATH": str(Path(DEMO).parents[1] / "src")},
    )


Run = "subprocess.CompletedProcess[str]"


def test_the_demo_ends_with_status_zero_and_every_count_right(demo_run: Run) -> None:
    assert demo_run.returncode == 0, demo_run.stdout[-3000:] + demo_run.stderr[-3000:]
    assert "Every count is what it must be." in demo_run.stdout


def test_the_demo_writes_no_complaints(demo_run: Run) -> None:
    assert demo_run.stderr == ""


def test_the_demo_shows_accepted_landed_and_failed_of_each_flow(demo_run: Run) -> None:
    for row in (("members, raw", 301, 300, 1, 0), ("members, XDM", 1, 1, 0, 0), ("orders, XDM", 301, 300, 1, 0)):
        name, *counts = row
        assert re.search(name + r"\s+│\s+" + r"\s+│\s+".join(map(str, counts)), demo_run.stdout), name


def test_the_demo_tells_who_entered_and_who_took_which_path(demo_run: Run) -> None:
    assert re.search(r"entered\s+│\s+300", demo_run.stdout)
    assert re.search(r"gold, or above 500 → vip message\s+│\s+110", demo_run.stdout)
    assert re.search(r"others → standard message\s+│\s+190", demo_run.stdout)
    assert re.search(r"ended\s+│\s+300", demo_run.stdout)


def test_the_demo_tells_what_arrived_at_the_receiver_and_how_soon(demo_run: Run) -> None:
    assert "messages arrived under 300 idempotency keys" in demo_run.stdout
    assert re.search(r"median -?\d+ ms, p99 -?\d+ ms", demo_run.stdout)


def test_the_demo_shows_a_failed_record_with_its_reason_and_body(demo_run: Run) -> None:
    assert "INGEST-1212-400  #/commerce/order/priceTotal: expected type: Number, found: String" in demo_run.stdout
    assert 'body kept: {"header":' in demo_run.stdout


def test_the_demo_shows_one_customers_trace(demo_run: Run) -> None:
    assert "journey “Thank the customer”: entered" in demo_run.stdout
    assert '#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier} = "gold"' in demo_run.stdout
    assert re.search(r"Send the vip message \(action\).*sent in \d+ ms", demo_run.stdout)
