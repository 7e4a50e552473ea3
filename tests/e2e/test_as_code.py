"""`parcours export`, `plan` and `apply` between real servers: the demo's definitions as files."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from definitions import JOURNEYS, define
from journey_tools import event_uid
from running import RunningServer

from parcours.commands.code_command import schema

JOURNEY = "journeys/thank-the-customer.yaml"


@pytest.fixture(scope="module")
def folder(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's definitions, exported."""
    define(server.platform(), "http://127.0.0.1:9", lambda _line: None)
    target = tmp_path_factory.mktemp("exported")
    run(server, "export", str(target))
    return target


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A second server with nothing in it."""
    running = RunningServer(tmp_path_factory.mktemp("other") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def secrets(tmp_path: Path) -> str:
    path = tmp_path / "secrets.env"
    path.write_text("SEND_MESSAGE_PASSWORD='not shown again'\n")
    return str(path)


def run(server: RunningServer, *arguments: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
    answer = server.command(*arguments)
    assert answer.returncode == status, answer.stdout + answer.stderr
    return answer


def texts(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_to_an_empty_server_and_comes_back_byte_for_byte(
    folder: Path, other: RunningServer, secrets: str, tmp_path: Path
) -> None:
    planned = run(other, "plan", str(folder), "--detailed-exitcode", status=2)
    assert planned.stdout.splitlines()[-1] == "15 to create."
    assert planned.stderr == ""
    refused = run(other, "apply", str(folder), "--yes", status=1)
    assert "SEND_MESSAGE_PASSWORD (actions/send-message.yaml)" in refused.stderr
    assert run(other, "plan", str(folder), "--detailed-exitcode", status=2).stdout == planned.stdout
    unasked = run(other, "apply", str(folder), "--secrets", secrets, status=1)
    assert "--yes" in unasked.stderr
    run(other, "apply", str(folder), "--yes", "--secrets", secrets)
    assert run(other, "plan", str(folder), "--detailed-exitcode").stdout == "No changes.\n"
    run(other, "export", str(tmp_path / "again"))
    assert texts(tmp_path / "again") == texts(folder)
    again = run(other, "apply", str(folder), "--yes", "--secrets", secrets)
    assert again.stdout == "No changes.\n"
    (journey,) = other.platform().get(f"{JOURNEYS}/journeys")["results"]
    assert journey["status"] == "Draft"
    published = run(other, "apply", str(folder), "--yes", "--publish", "--secrets", secrets)
    assert published.stdout.splitlines()[-1] == "Done: 1 published."
    (journey,) = other.platform().get(f"{JOURNEYS}/journeys")["results"]
    assert journey["status"] == "Deployed"


def test_a_folder_goes_into_another_sandbox_of_the_same_server(
    server: RunningServer, folder: Path, secrets: str, tmp_path: Path
) -> None:
    run(server, "apply", str(folder), "--yes", "--secrets", secrets, "--sandbox", "dev")
    run(server, "export", str(tmp_path / "dev"), "--sandbox", "dev")
    assert texts(tmp_path / "dev") == texts(folder)
    assert run(server, "plan", str(folder), "--sandbox", "dev", "--detailed-exitcode").stdout == "No changes.\n"


def test_what_the_server_makes_for_itself_is_no_definition(server: RunningServer, folder: Path, tmp_path: Path) -> None:
    platform = server.platform()
    form = {"fields": {"/commerce/order/priceTotal": 5}, "profileIdentifier": "a@example.com"}
    platform.post(f"{JOURNEYS}/events/{event_uid(platform)}/send", form)
    flows = [one["name"] for one in platform.get("/data/foundation/flowservice/flows")["items"]]
    assert any(name.startswith("Journey Orchestration Test Events") for name in flows)
    run(server, "export", str(tmp_path))
    assert texts(tmp_path) == texts(folder)


def test_a_plan_tells_what_a_journey_will_do_otherwise(server: RunningServer, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    run(server, "export", str(mine), "--kind", "journeys", "--with-dependencies")
    assert {path.parent.name for path in mine.rglob("*.yaml")} == {
        "mine", "journeys", "events", "actions", "schemas", "field-groups", "datasets",
    }  # fmt: skip
    text = (mine / JOURNEY).read_text()
    (mine / JOURNEY).write_text(
        text.replace("priceTotal} > 500", "priceTotal} > 900") + "layout:\n  order:\n    x: 1\n"
    )
    found = json.loads(run(server, "plan", str(mine), "--json").stdout)
    (change,) = found["changes"]
    assert (change["kind"], change["action"], change["layoutOnly"]) == ("journeys", "update", False)
    assert change["notes"] == ["a new draft after version 1.0 (Deployed)"]
    assert [one["path"] for one in change["differences"]] == ["nodes.gold.paths[vip].expression", "layout"]
    printed = run(server, "plan", str(mine), "--detailed-exitcode", status=2).stdout
    assert f"~ {JOURNEY}" in printed
    assert printed.splitlines()[-1] == "1 to change."


def test_a_conflict_is_told_before_anything_is_done(server: RunningServer, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    run(server, "export", str(mine), "--kind", "events")
    path = mine / "events/order-placed.yaml"
    path.write_text(path.read_text().replace("  - /commerce/order/priceTotal\n", ""))
    refused = run(server, "apply", str(mine), "--yes", status=1)
    assert "events/order-placed.yaml:" in refused.stderr
    assert "/commerce/order/priceTotal can't be taken away" in refused.stderr
    assert "nothing was changed" in refused.stderr


def test_what_the_folder_lacks_goes_with_prune(
    other: RunningServer, folder: Path, secrets: str, tmp_path: Path
) -> None:
    platform = other.platform()
    platform.post(f"{JOURNEYS}/journeys", {"name": "Sketch"})
    mine = tmp_path / "mine"
    run(other, "export", str(mine))
    (mine / "journeys/sketch.yaml").unlink()
    assert run(other, "plan", str(mine)).stdout == "No changes.\n"
    pruned = run(other, "apply", str(mine), "--yes", "--prune")
    assert "deleted journey 'Sketch'" in pruned.stdout
    assert "Sketch" not in [one["name"] for one in platform.get(f"{JOURNEYS}/journeys")["results"]]


def test_a_folder_with_faults_is_refused_with_file_line_and_column(other: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events/a.yaml").write_text("name: A\nname: B\n")
    (tmp_path / "events/b.yaml").write_text("name: 1\n")
    refused = run(other, "plan", str(tmp_path), status=1)
    assert "events/a.yaml:2:1: 'name' is there twice" in refused.stderr
    assert "events/b.yaml:1:1: the event needs a name" in refused.stderr


def test_a_folder_that_can_not_be_written_is_told_of_in_one_line(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run(server, "export", str(tmp_path / "file" / "below"), status=1)
    assert answer.stderr.splitlines() == [f"parcours: {tmp_path / 'file' / 'below'}: Not a directory"]


def test_schemas_are_printed_without_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> str:
        command = [sys.executable, "-m", "parcours", "schema", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    kinds = printed().split()
    assert {"journeys", "events", "flows", "schemas"} <= set(kinds)
    for kind in kinds:
        schema(kind)
        text = capsys.readouterr().out
        assert json.loads(text)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        if kind == "journeys":
            assert printed(kind) == text
