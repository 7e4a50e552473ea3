"""`parcours simulate` and `parcours test` as a user starts them, over the examples and over files that are wrong."""

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "tests"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(EXAMPLES, tmp_path / "tests")


def parcours(folder: Path, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "parcours", *arguments],
        cwd=folder, input=stdin, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def simulate(folder: Path, *arguments: str, events: str = "events.jsonl", stdin: str = "") -> str:
    run = parcours(
        folder, "simulate", "welcome.yaml", "--config", "config", "--events", events, *arguments, stdin=stdin
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def test_a_run_is_shown_as_tables(folder: Path) -> None:
    text = simulate(folder, "--profiles", "profiles.jsonl", "--until", "30d")
    assert "2026-03-02T09:00:00Z to 2026-04-01T09:00:00Z (30d); events: 5 matched\n" in text
    assert "“Welcome”: 2 customers, 2 entrances; 2 ended" in text
    assert "signup → welcome → calm → order → worth:path:large → points → done" in text
    assert "never reached (84.21 % was): node unreachable, edge welcome → unreachable (error)" in text
    assert "notSuitableInitialEvent" in text


def test_the_same_run_is_the_same_text_and_json_for_programs(folder: Path) -> None:
    assert simulate(folder) == simulate(folder)
    found = json.loads(simulate(folder, "--json", "--profiles", "profiles.jsonl"))
    assert (found["start"], found["events"]) == (
        "2026-03-02T09:00:00Z", {"matched": 5, "notMatched": 0},
    )  # fmt: skip
    jane, joe = found["instances"]
    assert jane["calls"][0]["parameters"] == {"/to": "jane@example.com", "/template": "welcome", "/firstName": "Jane"}
    assert jane["calls"][0]["statusCode"] == "http_200"
    assert joe["path"] == ["signup", "welcome", "calm", "order:timeout", "remind", "done"]
    assert found["refusals"] == [
        {"at": "2026-03-03T08:00:00Z", "event": "SignedUp", "key": "jane@example.com", "journey": "Welcome",
         "reason": "notSuitableInitialEvent"}
    ]  # fmt: skip
    lines = [json.loads(line) for line in simulate(folder, "--jsonl", "--profiles", "profiles.jsonl").splitlines()]
    assert lines == found["instances"]


def test_one_customer_is_shown_with_every_step(folder: Path) -> None:
    text = simulate(folder, "--customer", "jane@example.com")
    assert "refused, they are in it, and it doesn't wait for this event where they stand" in text
    assert "2026-03-04 09:00:00.000 worth (condition)  → path:large" in text
    assert "GrantPoints │ http_200" in text
    run = parcours(
        folder, "simulate", "welcome.yaml", "--config", "config", "--events", "events.jsonl", "--customer", "nobody"
    )
    assert (run.returncode, run.stderr) == (1, "parcours: no event was about 'nobody', and no run read it\n")


def test_stubs_and_standard_input(folder: Path) -> None:
    (folder / "stubs.yaml").write_text("SendMail: {outcome: timeout}\n")
    line = '{"event": "SignedUp", "payload": {"_acme": {"email": "a"}}}'
    found = json.loads(simulate(folder, "--json", "--stubs", "stubs.yaml", events="-", stdin=line))
    (instance,) = found["instances"]
    assert instance["path"] == ["signup", "welcome:error", "unreachable"]
    assert (found["start"], found["end"]) == ("2026-01-01T00:00:00Z", "2026-04-02T00:00:00Z")


def test_a_journey_that_reads_an_audience_is_run_over_a_list_and_its_changes(folder: Path) -> None:
    (folder / "readers.csv").write_text("Email,city\njane@example.com,Paris\njoe@example.com,Rome\n")
    line = b'{"at": "+1d", "audience": "Newsletter readers", "enter": ["late@example.com"]}'
    (folder / "changes.jsonl").write_bytes(line)
    arguments = (
        "simulate", "newsletter.yaml", "--config", "config", "--events", "changes.jsonl",
        "--audience", "Newsletter readers=readers.csv",
    )  # fmt: skip
    run = parcours(folder, *arguments, "--until", "3d", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    (journey,) = json.loads(run.stdout)["journeys"]
    told = [(run["number"], run["status"], run["read"], run["entered"]) for run in journey["runs"]]
    assert told == [(1, "finished", 2, 2), (2, "finished", 1, 1), (3, "finished", 0, 0), (4, "queued", 0, 0)]
    assert journey["calls"] == [{"action": "SendMail", "statusCode": "http_200", "count": 3}]
    text = parcours(folder, *arguments, "--until", "3d").stdout
    assert "run ┃ due                  ┃ status   ┃ read ┃ entered ┃ reason" in text
    run = parcours(folder, *arguments)
    assert (run.returncode, "again and again without end: say until when" in run.stderr) == (1, True)
    run = parcours(folder, *arguments, "--until", "3d", "--audience", "Nobody=readers.csv")
    assert (run.returncode, run.stderr) == (
        1, "parcours: no audience is called 'Nobody'; there are: Newsletter readers\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("welcome.yaml", "--events", "events.jsonl"), "welcome.yaml:5:26: no event is called 'SignedUp'"),
        (("none.yaml", "--config", "config", "--events", "events.jsonl"), "none.yaml: No such file"),
        (("welcome.yaml", "--config", "config", "--events", "none"), "none: No such file"),
        (("welcome.yaml", "--config", "config", "--events", "welcome.yaml"), "welcome.yaml:1: this is no JSON"),
        (
            ("welcome.yaml", "--config", "config", "--events", "events.jsonl", "--until", "soon"),
            "'soon' is no duration",
        ),
        (("welcome.yaml", "--config", "config", "--events", "events.jsonl", "--stubs", "profiles.jsonl"), "no action"),
    ],
)
def test_what_cant_be_run_is_said_without_a_traceback(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    run = parcours(folder, "simulate", *arguments)
    assert run.returncode == 1
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_cases_pass_with_status_0_coverage_and_junit(folder: Path) -> None:
    run = parcours(folder, "test", ".", "--coverage", "--fail-under-coverage", "100", "--junit", "out/junit.xml")
    assert (run.returncode, run.stderr) == (0, "")
    assert "“Welcome”: 100 % reached (9 of 9 nodes, 10 of 10 edges)" in run.stdout
    assert "9 passed in " in run.stdout
    root = ET.parse(folder / "out" / "junit.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "9", "0")


def test_a_case_that_fails_is_status_1_and_says_why(folder: Path) -> None:
    file = folder / "welcome.test.yaml"
    file.write_text(file.read_text().replace("times: 1, parameters: { /points: 100 }", "times: 2"))
    run = parcours(folder, "test", "-k", "large", "--junit", "junit.xml")
    assert run.returncode == 1
    assert "✗ a large first order brings points" in run.stdout
    assert "welcome.test.yaml:23:9: expected GrantPoints called 2 times, but it was once" in run.stdout
    assert "1 failed in " in run.stdout
    assert ET.parse(folder / "junit.xml").getroot().get("failures") == "1"


def test_too_little_reached_is_status_1(folder: Path) -> None:
    run = parcours(folder, "test", "-k", "small", "--fail-under-coverage", "90")
    assert run.returncode == 1
    assert "never reached: edge order → remind (timeout)" in run.stdout
    assert "reached, less than 90 %" in run.stdout


def test_no_case_is_a_fault_and_the_schema_is_printed(folder: Path) -> None:
    run = parcours(folder, "test", "config")
    assert run.returncode == 1
    assert "no case in config" in run.stderr
    assert json.loads(parcours(folder, "test", "--schema").stdout)["title"] == "Journey test"
