"""One server for one data directory and one port; what stands in its way is told in one line."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from running import RunningServer, free_port


def serve(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """`parcours serve` that is expected to end by itself."""
    command = [sys.executable, "-m", "parcours", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def assert_one_line(run: "subprocess.CompletedProcess[str]", *parts: str) -> None:
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("parcours: ")
    for part in parts:
        assert part in line


def test_a_second_server_over_the_same_data_directory_says_who_has_it(server: RunningServer) -> None:
    assert server.process is not None
    run = serve("--data-dir", str(server.data_dir), "--port", str(free_port()))
    assert_one_line(run, "another server runs over", server.url, f"process {server.process.pid}", "--data-dir")
    assert server.get("/health/ready")[0] == 200
    assert b"parcours_log_records_total" in server.get("/metrics")[1]  # its measurements were left alone


def test_a_second_server_on_the_same_port_says_that_it_is_taken(server: RunningServer, tmp_path: Path) -> None:
    run = serve("--data-dir", str(tmp_path / "data"), "--port", str(server.port))
    assert_one_line(run, f"can't listen on 127.0.0.1 port {server.port}", "in use", "--port")


def test_a_port_that_another_program_listens_on_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = serve("--data-dir", str(tmp_path / "data"), "--port", str(other.getsockname()[1]))
    assert_one_line(run, "in use")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--port", "70000"), "from 1 to 65535"),
        (("--port", "0"), "from 1 to 65535"),
        (("--host", "nowhere.invalid"), "can't listen on nowhere.invalid"),
        (("--host", "192.0.2.1"), "can't listen on 192.0.2.1"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_told(arguments: tuple[str, ...], part: str, tmp_path: Path) -> None:
    assert_one_line(serve("--data-dir", str(tmp_path / "data"), *arguments), part)


def test_a_data_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("not a folder")
    assert_one_line(serve("--data-dir", str(path)), f"the data directory {path} can't be used")


def test_commands_reach_a_server_behind_a_proxy_on_this_machine(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", PARCOURS_PUBLIC_URL="https://parcours.invalid").start()
    command = [sys.executable, "-m", "parcours", "failed", "--data-dir", str(server.data_dir)]
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "no_proxy": ""}
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (run.returncode, run.stdout, run.stderr) == (0, "No failed records.\n", "")
    assert server.stop() == 0


def test_a_second_worker_says_that_it_waits(server: RunningServer) -> None:
    command = [sys.executable, "-m", "parcours", "worker", "--data-dir", str(server.data_dir)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as second:
        assert second.stderr is not None
        assert "worker.waiting_for_another" in second.stderr.readline()
        second.kill()


def test_a_data_directory_is_free_again_after_its_server_was_killed(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    server.kill()
    server.start()
    assert server.stop() == 0
