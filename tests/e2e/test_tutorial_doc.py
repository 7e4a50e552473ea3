"""docs/tutorial.md, executed: every block as a reader would paste it, in one bash, against a real server."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import RunningServer, free_port

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
_SECTION = re.compile(r"^## \d+\. (.+)$")
TIMEOUT_S = 120


def _blocks() -> list[tuple[str, str]]:
    """(section, code) of each bash block, in order."""
    found: list[tuple[str, str]] = []
    section = ""
    lines: list[str] | None = None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if lines is not None:
            if line == "```":
                found.append((section, "\n".join(lines)))
                lines = None
            else:
                lines.append(line)
        elif line == "```bash":
            lines = []
        elif title := _SECTION.match(line):
            section = title[1]
    assert lines is None
    return found


@pytest.fixture(scope="module")
def printed(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the blocks of each section printed."""
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            (pytest.fail if program in os.environ.get("PARCOURS_REQUIRE", "") else pytest.skip)(f"{program} is missing")
    script = "set -euo pipefail\n"
    for section, code in _blocks():
        script += f"echo; echo {shlex.quote(f'@@ {section}')}\n{code}\n"
    for written, meant in (
        ("http://127.0.0.1:8080", server.url),
        ("9099", str(free_port())),
        ("<data/", f"<{server.data_dir}/"),
        (".venv/bin/parcours ", f"{sys.executable} -m parcours "),
    ):
        assert written in script
        script = script.replace(written, meant)
    folder = tmp_path_factory.mktemp("reader")
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PARCOURS_DATA_DIR": str(server.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
    assert process.returncode == 0, f"{output[-3000:]}\n{errors[-3000:]}"
    assert list(folder.iterdir()) == []
    sections: dict[str, str] = {}
    for part in output.split("\n@@ ")[1:]:
        section, _, text = part.partition("\n")
        sections[section] = sections.get(section, "") + text
    return sections


def _documents(text: str) -> list[Any]:
    """The JSON objects that stand one after the other in a text."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    place = text.find("{")
    while place >= 0:
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        place = text.find("{", place)
    return found


def test_the_journey_is_found_faultless_and_is_published(printed: dict[str, str]) -> None:
    preview, checked, published = _documents(printed["Tell journeys about it"])
    assert preview["body"]["xdmEntity"]["_parcours"]["order"] == {
        "number": "string",
        "total": 10.0,
        "currency": "string",
    }
    assert checked == {"valid": True, "errors": [], "warnings": []}
    assert published["status"] == "Deployed"


def test_the_large_order_sends_one_message_and_the_small_one_none(printed: dict[str, str]) -> None:
    first, second, message = _documents(printed["Place orders"])
    assert first.keys() == second.keys() == {"inletId", "xactionId", "receivedTimeMs"}
    assert message == {"channel": "email", "to": "jane@example.com", "text": "Thank you, Jane!"}
    assert "john" not in printed["Place orders"]


def test_what_happened_is_told(printed: dict[str, str]) -> None:
    orders, runs, trace = _documents(printed["See what happened"])
    (event,) = trace["events"]
    assert [journey["outcome"] for told in event["decisions"] for journey in told["journeys"]] == ["entered"]
    (instance,) = trace["instances"]
    assert instance["nodeId"] is None
    nodes = [step["nodeId"] for step in instance["steps"] if step["processed"]]
    assert nodes == ["placed", "size", "pause", "thank", "done"]
    assert orders["children"][0]["entity"]["_parcours"]["order"]["number"] == "1001"
    summary = runs["items"][0]["metrics"]["recordSummary"]
    assert (summary["inputRecordCount"], summary["outputRecordCount"], summary["failedRecordCount"]) == (2, 2, 0)


def test_landed_orders_are_rows(printed: dict[str, str]) -> None:
    text = printed["See what happened"]
    assert re.search(r"order-1001 +.*jane@example\.com +.*250", text)
    assert re.search(r"order-1002 +.*john@example\.com +.*9\.5", text)


def test_a_wrong_order_is_kept_with_its_reason(printed: dict[str, str]) -> None:
    accepted, failed, refused = _documents(printed["Send something wrong"])
    assert "xactionId" in accepted
    (item,) = failed["items"]
    assert item["code"] == "INGEST-1212-400"
    assert "timestamp" in json.dumps(item["errors"])
    assert item["body"]["order"]["number"] == "1003"
    assert refused["status"] == 400
    assert "timestamp" in json.dumps(refused["report"])
