"""Faults that a person can mend are one line and a status, whatever command meets them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, stdout: object = subprocess.PIPE, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PARCOURS_")}
    return subprocess.run(
        [sys.executable, "-m", "parcours", *arguments],
        stdout=stdout,  # type: ignore[call-overload]
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env={**kept, **environment},
    )


@pytest.mark.parametrize(
    ("environment", "part"),
    [
        ({"PARCOURS_LOG_LEVEL": "loud"}, "PARCOURS_LOG_LEVEL must be debug, info, warning or error"),
        ({"PARCOURS_SECRET_KEY": "xx"}, "PARCOURS_SECRET_KEY must be the base64 of at least 32 random bytes"),
        ({"PARCOURS_DATABASE_URL": "mysql://x"}, "PARCOURS_DATABASE_URL must be a URL such as"),
        (
            {"PARCOURS_DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:9/d"},
            "the state database can't be used: connection failed",
        ),
        ({"PARCOURS_DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:port/d"}, "PARCOURS_DATABASE_URL"),
        ({"PARCOURS_BATCH_RECORDS": "0"}, "PARCOURS_BATCH_RECORDS must be a whole number from 1"),
    ],
)
def test_a_start_that_cannot_be_is_told_in_one_line(environment: dict[str, str], part: str, tmp_path: Path) -> None:
    found = run("serve", "--data-dir", str(tmp_path / "data"), "--port", "58473", **environment)
    lines = [line for line in found.stderr.splitlines() if not line.startswith("{")]  # the log is JSON
    assert (found.returncode, found.stdout, len(lines)) == (1, "", 1), found.stderr
    assert lines[0].startswith("parcours: ")
    assert part in lines[0]
    assert "s3cret" not in found.stderr


def test_a_state_database_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database" * 1000)
    found = run("serve", "--data-dir", str(tmp_path), "--port", "58473")
    lines = [line for line in found.stderr.splitlines() if not line.startswith("{")]
    assert lines == ["parcours: the state database can't be used: file is not a database"]
    assert found.returncode == 1


def test_a_worker_over_no_data_directory_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        found = run("worker", "--data-dir", str(path))
        assert found.returncode == 1
        (line,) = found.stderr.splitlines()
        assert line.startswith(f"parcours: {path} is no server's data directory")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_an_output_that_is_full_is_told_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        found = run("--version", stdout=full)
    assert re.fullmatch(r"parcours \d+\.\d+\.\d+\n", run("--version").stdout)
    assert (found.returncode, found.stderr) == (1, "parcours: can't write: No space left on device\n")


def test_a_server_whose_port_is_taken_leaves_no_data_directory_behind(tmp_path: Path) -> None:
    found = run("serve", "--data-dir", str(tmp_path / "data"), "--port", "0")
    assert found.returncode == 1
    assert list(tmp_path.iterdir()) == []
