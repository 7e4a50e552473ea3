"""The `parcours_server` fixture in somebody else's run: started, asked, and gone at the end."""

import os
import re
import subprocess
import sys
from pathlib import Path

THEIRS = """
import os
from pathlib import Path

ORG = "/data/foundation"


def test_it_is_ready_and_the_headers_do(parcours_server):
    assert parcours_server.get(ORG + "/schemaregistry/stats")["tenantId"]
    Path("pid").write_text(str(parcours_server._process.pid))


def test_it_is_the_same_one(parcours_server):
    assert Path("pid").read_text() == str(parcours_server._process.pid)
    assert parcours_server._settings["LOG_LEVEL"] == "info"


def test_an_event_moves_a_journey(parcours_server):
    import sys

    sys.path.insert(0, os.environ["DEMO"])
    import demo
    from definitions import define
    from platform_client import Platform
    from receiver import Receiver

    platform = Platform(parcours_server.base_url, parcours_server.credentials)
    platform.sign_in()
    defined = define(platform, Receiver().url, lambda _line: None)
    parcours_server.send(defined.event_inlet, demo.order(platform, defined, 1))
    waiting = parcours_server.wait_for_instance(defined.journey_version, demo.email(1), node="pause-vip", timeout_s=60)
    assert waiting["waitingFor"] == "timer"
    parcours_server.wait_for_instance(defined.journey_version, demo.email(1), status="ended")
    Path("version").write_text(defined.journey_version)


def test_what_does_not_come_about_is_told(parcours_server):
    import pytest

    version = Path("version").read_text()
    with pytest.raises(AssertionError, match="jane was to be at 'x', but nobody of this key entered"):
        parcours_server.wait_for_instance(version, "jane", node="x", timeout_s=0)
    with pytest.raises(AssertionError, match=r"customer001@example.com was to be active, but it is ended"):
        parcours_server.wait_for_instance(version, "customer001@example.com", status="active", timeout_s=0)
    with pytest.raises(AssertionError, match="run 1 was to be finished, but the runs are: none"):
        parcours_server.wait_for_run(version, timeout_s=0)


def test_a_list_is_read(parcours_server):
    audience = parcours_server.upload_audience("Readers", ["jane@example.com", "joe@example.com"])
    assert parcours_server.upload_audience("Readers", ["joe@example.com"], mode="remove") == audience
    document = {
        "name": "News",
        "entry": {"node": "read"},
        "nodes": {
            "read": {"type": "readAudience", "audienceId": audience},
            "pause": {"type": "wait", "duration": {"value": 1, "unit": "days"}},
        },
        "edges": [{"from": "read", "to": "pause"}],
    }
    version = parcours_server.post("/journey/orchestration/journeys", document)["versionUid"]
    parcours_server.post(f"/journey/orchestration/journeyVersions/{version}/publish")
    run = parcours_server.wait_for_run(version)
    assert (run["readCount"], run["enteredCount"]) == (1, 1)
    parcours_server.wait_for_instance(version, "jane@example.com", node="pause")
    assert parcours_server.instances(version, "joe@example.com") == []
"""


def test_a_server_for_their_tests(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/testing.md").read_text("utf-8")
    (of_the_page,) = re.findall(r"^```python\n(def \w+\(parcours_server\).*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_theirs.py").write_text(f"{THEIRS}\n\n{of_the_page}")
    (tmp_path / "pytest.ini").write_text("[pytest]\nparcours_server_settings =\n    PARCOURS_LOG_LEVEL=info\n")
    demo = Path(__file__).parents[2] / "examples" / "demo"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--basetemp", str(tmp_path / "base")],
        cwd=tmp_path,
        env={**os.environ, "DEMO": str(demo)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "6 passed" in run.stdout
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists(), "the server outlived the run"
