"""The page about testing tells the truth: its examples run, and it lists what there is."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from parcours.journeys.bundle import read_bundle
from parcours.journeys.seen import VirtualClock
from parcours.journeys.stubs import OUTCOMES, read_stub
from parcours.kit.yaml_text import read_yaml
from parcours.testing.cases import run_files
from parcours.testing.clock import JourneyClock
from parcours.testing.format import TEST_SCHEMA

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/testing.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


CONFIG, STUBS, CASES, READ_CASES = blocks("yaml")
CLOCK, SERVER = blocks("python")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = shutil.copytree(ROOT / "examples" / "tests", tmp_path / "tests")
    monkeypatch.chdir(copy)
    return copy


def test_the_definitions_are_some() -> None:
    made = read_bundle([read_yaml(CONFIG, "page")], VirtualClock(0))
    assert (list(made.event_names), list(made.action_uids)) == (["OrderPlaced"], ["GrantPoints"])


def test_the_stubs_are_some() -> None:
    stubs = read_yaml(STUBS, "page").document
    assert [read_stub(stub).is_plain for stub in stubs.values()] == [True, False]
    for outcome in OUTCOMES:
        assert f"`{outcome}`" in PAGE


@pytest.mark.parametrize("cases", [CASES, READ_CASES])
def test_the_cases_hold(folder: Path, cases: str) -> None:
    (folder / "page.test.yaml").write_text(cases)
    found = run_files([folder / "page.test.yaml"], told=lambda _: None)
    assert [(case.verdict, case.faults) for case in found.cases] == [("passed", ())]


@pytest.mark.usefixtures("folder")
def test_the_test_in_python_holds() -> None:
    space: dict[str, Any] = {}
    exec(CLOCK, space)
    space["test_who_does_not_order_is_reminded"](JourneyClock())


def test_every_step_expectation_and_member_is_listed() -> None:
    given = TEST_SCHEMA["$defs"]["given"]["properties"]
    steps = TEST_SCHEMA["$defs"]["step"]["properties"]
    expectations = TEST_SCHEMA["$defs"]["expectation"]["properties"]
    counts = expectations["counts"]["properties"]
    for name in (*TEST_SCHEMA["properties"], *given, *steps, *expectations, *counts):
        assert re.search(rf"`{name}\b", PAGE), name


def test_every_public_member_of_the_clock_is_listed() -> None:
    hidden = {"world", "bundle", "people", "settle", "instance", "start_us"}
    for name in vars(JourneyClock):
        if not name.startswith("_") and name not in hidden:
            assert re.search(rf"`{name}\b", PAGE), name
