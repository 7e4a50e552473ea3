"""`parcours eval` as a user runs it: one expression for a person, many for a program."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "parcours", "eval"]


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=given, capture_output=True, check=False, timeout=120)


def answers(*lines: Any) -> list[dict[str, Any]]:
    given = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    done = run("--jsonl", given=given)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_person_sees_value_type_and_warnings() -> None:
    done = run("now() + toDuration('PT1H')")
    assert done.returncode == 0
    value, kind = done.stdout.decode().splitlines()
    assert value.startswith('value: "20')
    assert kind == "type:  dateTime"
    assert b"plus-operand-parentheses" in done.stderr


def test_a_refusal_points_at_its_place() -> None:
    done = run("1 +\n  lenght('abc')")
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        "parcours: syntax error, line 2, column 3: unknown function 'lenght'; did you mean 'length'?",
        "    lenght('abc')",
        "    ^",
    ]


def test_a_long_line_is_shown_around_its_fault() -> None:
    done = run("'" + "a" * 200 + "' + 1 * 'b' + '" + "c" * 200 + "'")
    message, shown, caret = done.stderr.decode().splitlines()
    assert "string" in message
    assert shown.strip().startswith("…")
    assert shown.strip().endswith("…")
    assert shown[caret.index("^")] == "*"


def test_a_context_comes_from_a_file_or_standard_input(tmp_path: Path) -> None:
    document = {"events": {"Order": {"total": 120}}}
    file = tmp_path / "context.json"
    file.write_text(json.dumps(document))
    for arguments, given in ((str(file), b""), ("-", json.dumps(document).encode())):
        done = run("@event{Order.total} > 100", "--context", arguments, given=given)
        assert done.stdout.decode().splitlines() == ["value: true", "type:  boolean"]
    failed = run("@event{Order.total} * 9223372036854775807", "--context", str(file))
    assert failed.returncode == 1
    assert failed.stderr.decode() == "parcours: runtime error: an integer grew beyond 64 bits\n"


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), ("{", "is no JSON"), ('{"events": 3}', "$.events")]
)
def test_a_context_that_can_not_be_read_is_told(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "context.json"
    if content is not None:
        file.write_text(content)
    done = run("1", "--context", str(file))
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("1", "--jsonl"), ("--jsonl", "--context", "-")])
def test_wrong_usage_has_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 2


def test_every_line_has_its_answer_whatever_it_is() -> None:
    found = answers(
        {"expr": "4 + 2 * 10"},
        b"no JSON",
        b"",
        b'"text"',
        {"context": {}},
        {"expr": 3},
        b'{"expr": "1", "context": {"events": {"E": {"a": NaN}}}}',
        b'{"expr": "\\ud83d"}',
        b"\xff\xfe",
        b'{"expr": "1 + 1"}\r',
        {"expr": "@event{E.a} + 1", "context": {"events": {"E": {"a": 1.5}}}},
        {"expr": "@event{Ordr.a}", "context": {"events": {"Order": {}}}},
        {"expr": "'a' > 'b'"},
        {"expr": "setHours(now(), 24)"},
        {"expr": "[1, 2", "context": None},
        {"expr": "@event{E.a}", "context": {"events": {"E": {}}, "types": {"events.E.a": "dateTime"}}},
    )
    assert [answer.get("value", answer.get("error", {}).get("code")) for answer in found] == [
        24, "syntax", "syntax", "syntax", "syntax", "syntax", "syntax", "syntax", "syntax", 2, 2.5, "reference", "type",
        "runtime", "syntax", None,
    ]  # fmt: skip
    assert found[-1] == {"value": None, "type": "dateTime"}
    assert found[11]["error"] == {
        "code": "reference",
        "message": "unknown event 'Ordr'; did you mean 'Order'?",
        "position": {"line": 1, "column": 8, "offset": 7},
    }
    assert found[13]["error"]["position"] is None


def test_a_default_context_is_for_lines_without_one(tmp_path: Path) -> None:
    file = tmp_path / "context.json"
    file.write_text('{"events": {"E": {"a": 1}}}')
    given = b'{"expr": "@event{E.a}"}\n{"expr": "@event{E.a}", "context": {"events": {"E": {"a": 2}}}}\n'
    done = run("--jsonl", "--context", str(file), given=given)
    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == [1, 2]


def test_a_program_that_waits_for_each_answer_gets_it() -> None:
    with subprocess.Popen([*COMMAND, "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(20):
            process.stdin.write(b'{"expr": "%d + 1"}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["value"] == number + 1
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_line_that_is_too_long_does_not_stop_the_others() -> None:
    long = b'{"expr": "1", "x": "' + b"a" * (33 * 1024 * 1024) + b'"}'
    done = run("--jsonl", given=b'{"expr": "1"}\n' + long + b'\n{"expr": "2"}\n' + long)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("value") for answer in found] == [1, None, 2, None]
    assert "at most" in found[1]["error"]["message"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_sixty_thousand_lines_need_no_more_memory_than_ten_thousand() -> None:
    with subprocess.Popen([*COMMAND, "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def feed(start: int, end: int) -> int:
            """Resident memory in KB afterwards; every third text is new, every line has a context of its own."""
            assert process.stdin is not None
            assert process.stdout is not None
            for number in range(start, end, 500):
                for line in range(number, number + 500):
                    text = f"@event{{E.a}} + {line}" if line % 3 == 0 else "@event{E.a} > 5 and @event{E.b} == 'x'"
                    context = {"events": {"E": {"a": line, "b": "x" if line % 2 else "y"}}}
                    process.stdin.write(json.dumps({"expr": text, "context": context}).encode() + b"\n")
                process.stdin.flush()
                for _ in range(500):
                    assert b"error" not in process.stdout.readline()
            status = Path(f"/proc/{process.pid}/status").read_text()
            return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

        before = feed(0, 10_000)
        after = feed(10_000, 60_000)
        process.stdin.close()
        assert process.wait(60) == 0
    assert after < before * 1.2 + 4_000


def test_a_reader_that_goes_away_ends_it_without_a_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "--jsonl"], input=b'{"expr": "1"}\n', stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
