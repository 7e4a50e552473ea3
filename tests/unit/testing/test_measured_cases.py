"""Test files with success metrics: a bandit's shares move under the virtual clock, the same in every run."""

from pathlib import Path

from parcours.testing.cases import run_files
from parcours.testing.clock import JourneyClock

CONFIG = """\
events:
  - {name: Order, namespace: Email, profileIdentifier: '@event{Order.email}'}
  - {name: Payment, namespace: Email, profileIdentifier: '@event{Payment.email}'}
"""
JOURNEY = """\
name: Measured
entry: {node: start}
metrics: [{id: paid, type: event, event: Payment}]
nodes:
  start: {type: event, event: Order}
  which:
    type: optimize
    optimizeType: experiment
    experimentType: bandit
    successMetric: paid
    paths: [{id: a, percentage: 50}, {id: b, percentage: 50}]
  short: {type: end}
  long: {type: end}
edges:
  - {from: start, to: which}
  - {from: which, to: short, kind: path, path: a}
  - {from: which, to: long, kind: path, path: b}
"""
OLD = [f"old{number}" for number in range(80)]
NEW = [f"new{number}" for number in range(40)]


def test_a_case_sees_the_shares_that_a_week_has_moved(tmp_path: Path) -> None:
    (tmp_path / "j.yaml").write_text(JOURNEY)
    (tmp_path / "config.yaml").write_text(CONFIG)
    clock = JourneyClock("2026-03-02T09:00:00Z").load(tmp_path / "j.yaml", config=tmp_path / "config.yaml")
    for name in OLD:
        clock.send("Order", {"email": name})
    payers = [name for name in OLD if clock.path(name)[-1] == "long"]
    assert 20 < len(payers) < 60
    for name in payers:
        clock.send("Payment", {"email": name})
    clock.advance("8d")
    for name in NEW:
        clock.send("Order", {"email": name})
    ways = {name: clock.path(name) for name in NEW}
    assert sum(way[-1] == "long" for way in ways.values()) >= 34

    events = [*(("Order", name) for name in OLD), *(("Payment", name) for name in payers)]
    lines = ["journey: j.yaml", "config: config.yaml", "given: {now: 2026-03-02T09:00:00Z}", "cases:", "- name: a week"]
    lines += ["  when:", *(f"    - {{event: {event}, payload: {{email: {name}}}}}" for event, name in events)]
    lines += ["    - {advance: 8d}", *(f"    - {{event: Order, payload: {{email: {name}}}}}" for name in NEW)]
    lines += ["  then:", *(f"    - {{customer: {name}, path: [{', '.join(way)}]}}" for name, way in ways.items())]
    file = tmp_path / "week.test.yaml"
    file.write_text("\n".join(lines) + "\n")
    (case,) = run_files([file], told=lambda _: None).cases
    assert case.verdict == "passed", case.faults
