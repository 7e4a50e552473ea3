"""External data sources on the real server: cached, slow, failing, hostile; a crash in the middle of fetches."""

import contextlib
import json
import socketserver
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import demo
import pytest
from definitions import JOURNEYS
from journey_tools import instances, publish
from running import RunningServer, wait_for
from shop import TOTAL, Shop, stop

ANSWER = {"level": "gold", "points": 12, "unused": "x" * 50}
MODES = ("hang", "reset", "500", "redirect", "big", "html", "list", "endless")
"""What the source does for a customer who spends so many: 1 for hang, 2 for reset …"""


class Source:
    """A service over raw sockets that answers as the query's `mode` says, and counts what it was asked."""

    def __init__(self, script: Callable[[str, int], str] = lambda mode, _n: mode) -> None:
        """script: (mode asked for, how many calls there were for it before) → what is done."""
        self.asked: Counter[str] = Counter()
        self.delay_s = 0.0
        self._closing = threading.Event()
        lock = threading.Lock()
        source = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    while self._serve():
                        pass

            def _serve(self) -> bool:
                head = self.rfile.readline().decode()
                if not head.strip():
                    return False
                while self.rfile.readline().strip():
                    pass
                mode = parse_qs(urlsplit(head.split()[1]).query).get("mode", ["good"])[0]
                with lock:
                    before = source.asked[mode]
                    source.asked[mode] += 1
                return self._answer(script(mode, before))

            def _answer(self, what: str) -> bool:
                body, status, more = json.dumps(ANSWER).encode(), "200 OK", ""
                match what:
                    case "hang":
                        source._closing.wait(60)
                        return False
                    case "reset":
                        self.connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: a reset, not an end
                        self.connection.close()
                        return False
                    case "500":
                        status, body = "500 Internal Server Error", b"{}"
                    case "redirect":
                        status, body, more = "302 Found", b"", "Location: file:///etc/passwd\r\n"
                    case "big":
                        body = b'{"level": "' + b"x" * 10_000_000 + b'"}'
                    case "html":
                        body = b"<html>not what was asked for</html>"
                    case "list":
                        body = b"[1, 2]"
                    case "endless":
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                        while not source._closing.wait(0.05):
                            self.wfile.write(b"1\r\n \r\n")
                        return False
                    case _:
                        time.sleep(source.delay_s)
                length = f"Content-Length: {len(body)}\r\n"
                self.wfile.write(f"HTTP/1.1 {status}\r\n{more}{length}\r\n".encode() + body)
                return True

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                """Who goes away in the middle of an answer is no fault here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture
def opened() -> Iterator[list[Source]]:
    sources: list[Source] = []
    yield sources
    for source in sources:
        source.close()


def define_source(shop: Shop, name: str, url: str, cache_s: int = 0) -> str:
    group = {
        "name": "tier", "dynamicValues": ["mode"], "responsePayload": {"level": "x", "points": 1},
        "cacheDuration": {"duration": cache_s, "timeUnit": "seconds"},
    }  # fmt: skip
    made = shop.platform.post(f"{JOURNEYS}/dataSources", {"name": name, "url": url, "fieldGroups": [group]})
    uid: str = made["uid"]
    return uid


def reader(shop: Shop, name: str, source: str, value: str, **more: Any) -> str:
    """A journey that sends `<name>-gold` to whom the source calls gold, and `<name>-failed` when it can't be read."""
    text = f'#{{{source}.tier.level, params: {{mode: {value}}}}} == "gold"'
    nodes = {
        "c": {"type": "condition", "paths": [{"id": "gold", "expression": text}], "otherPath": True},
        "g": shop.message(f"{name}-gold"), "f": shop.message(f"{name}-failed"), "o": {"type": "end"},
    }  # fmt: skip
    edges = [("order", "c"), ("c", "g", "path", "gold"), ("c", "f", "error"), ("c", "o", "other")]
    return publish(shop.platform, name, nodes, edges, **more)


def fetch_of(shop: Shop, version: str, number: int) -> dict[str, Any]:
    """What the step of the condition tells of its fetch."""
    (instance,) = instances(shop.platform, version, demo.email(number))
    (step,) = [step for step in instance["steps"] if step["nodeId"] == "c"]
    found: dict[str, Any] = step["action"]
    return found


def test_a_slow_source_that_fails_once_is_asked_twice_for_forty_people(shop: Shop, opened: list[Source]) -> None:
    source = Source(lambda _mode, before: "500" if before == 0 else "good")
    source.delay_s = 0.3
    opened.append(source)
    define_source(shop, "Loyalty", source.url, cache_s=3_600)
    version = reader(shop, "Slow", "Loyalty", '"vip"')
    shop.send(*[shop.order(number, f"slow-{number}") for number in range(100, 140)])
    wait_for(lambda: len(shop.sent("Slow-gold")) == 40, what="forty messages")
    assert source.asked == {"vip": 2}, "one failure, one answer"
    told = fetch_of(shop, version, 100)
    assert (told["fetchCount"], told["fetchCustomCount"]) == (1, 1)
    assert "fetchError" not in told
    shop.send(shop.order(140, "slow-140"))
    wait_for(lambda: len(shop.sent("Slow-gold")) == 41, what="the message of who came later")
    assert source.asked == {"vip": 2}, "the answer is still good"
    assert shop.sent("Slow-failed") == []
    stop(shop, version)


def test_a_source_in_use_is_guarded_until_its_journey_is_stopped(shop: Shop, opened: list[Source]) -> None:
    source = Source()
    opened.append(source)
    uid = define_source(shop, "Guarded", source.url)
    version = reader(shop, "Guard", "Guarded", '"x"')
    shown = shop.platform.get(f"{JOURNEYS}/dataSources/{uid}")
    assert (shown["usedIn"], shown["fieldGroups"][0]["usedIn"]) == (1, 1)
    (user,) = shop.platform.get(f"{JOURNEYS}/dataSources/{uid}/journeys")["results"]
    assert user["name"] == "Guard"
    stop(shop, version)
    assert shop.platform.get(f"{JOURNEYS}/dataSources/{uid}")["usedIn"] == 0


def test_a_hostile_source_has_its_outcomes_and_delays_nobody_else(shop: Shop, opened: list[Source]) -> None:
    source = Source()
    opened.append(source)
    define_source(shop, "Hostile", source.url)
    # the total says which mode; `other` enters nobody who isn't named by one
    value = "".join(f'if ({TOTAL} == {n}.0) then ("{mode}") else (' for n, mode in enumerate(MODES, 1))
    value += '"good"' + ")" * len(MODES)
    version = reader(shop, "Hostile", "Hostile", value, timeouts={"actionSeconds": 3})
    plain = publish(shop.platform, "Plain", {"m": shop.message("plain")}, [("order", "m")])
    orders = [shop.order(200 + n, f"hostile-{n}", total=float(n)) for n in range(1, len(MODES) + 1)]
    shop.send(*orders, shop.order(220, "hostile-good", total=99.0))
    wait_for(lambda: demo.email(220) in shop.sent("Hostile-gold"), what="the one with a good answer")
    wait_for(lambda: len(shop.sent("plain")) == 9, what="those who need no source")
    waiting = shop.counts(version)["nodes"].get("c", 0)
    assert waiting, "while others hang, nobody else waits for them"
    wait_for(lambda: len(shop.sent("Hostile-failed")) == len(MODES), what="everybody else on the alternative path")
    told = {mode: fetch_of(shop, version, 200 + n) for n, mode in enumerate(MODES, 1)}
    outcomes = {mode: (one["fetchError"], one["fetchErrorCode"]) for mode, one in told.items()}
    assert outcomes == {
        "hang": ("timedout", "timedout"),
        "reset": ("error", "internalError"),
        "500": ("http", "500"),
        "redirect": ("error", "internalError"),
        "big": ("error", "tooLarge"),
        "html": ("error", "notJson"),
        "list": ("error", "notAnObject"),
        "endless": ("timedout", "timedout"),
    }
    assert (source.asked["500"], source.asked["html"]) == (4, 1)
    reported = json.dumps(shop.platform.get(f"{JOURNEYS}/journeyVersions/{version}/report"))
    for reason in ("http_500", "notJson", "tooLarge", "timedout"):
        assert reason in reported
    stop(shop, version, plain)


def test_a_fetch_that_was_lost_is_found_and_ended_by_the_doctor(shop: Shop, opened: list[Source]) -> None:
    source = Source(lambda _mode, _before: "hang")
    opened.append(source)
    define_source(shop, "Silent", source.url)
    version = reader(shop, "Lost", "Silent", '"x"')
    shop.send(shop.order(300, "lost-300"))
    wait_for(lambda: source.asked["x"], what="a call under way")
    assert shop.server.command("doctor").returncode == 0, "who waits has a row of the outbox"
    (waiting,) = instances(shop.platform, version, demo.email(300))
    assert waiting["waitingFor"] == "fetch"
    with contextlib.closing(sqlite3.connect(shop.server.data_dir / "state.db", timeout=30)) as state, state:
        state.execute("DELETE FROM outbox WHERE instance_id = ?", (waiting["id"],))
    found = shop.server.command("doctor", "--json")
    assert (found.returncode, "callMissing" in found.stdout) == (1, True)
    assert shop.server.command("doctor", "--repair").returncode == 0
    wait_for(lambda: shop.sent("Lost-failed") == [demo.email(300)], what="the alternative path after the repair")
    assert fetch_of(shop, version, 300)["fetchErrorCode"] == "internalError"
    stop(shop, version)


def test_a_crash_in_the_middle_of_fetches_loses_nobody(tmp_path: Path, opened: list[Source]) -> None:
    server = RunningServer(tmp_path / "data").start()
    try:
        shop = Shop(server)
        source = Source()
        source.delay_s = 1.0
        opened.append(source)
        define_source(shop, "Loyalty", source.url)
        version = reader(shop, "Crash", "Loyalty", '"vip"')
        for kill in range(4):
            shop.send(*[shop.order(number, f"crash-{number}") for number in range(kill * 50, kill * 50 + 50)])
            before = source.asked["vip"]
            wait_for(lambda before=before: source.asked["vip"] > before, what="a call under way")
            server.kill()
            server.start()
        wait_for(lambda: len(set(shop.sent("Crash-gold"))) == 200, 60, what="everybody's message")
        assert shop.sent("Crash-failed") == []
        doctor = server.command("doctor", "--json")
        assert doctor.returncode == 0, doctor.stdout
        (instance,) = instances(shop.platform, version, demo.email(7))
        assert [step["nodeId"] for step in instance["steps"]].count("c") == 1
    finally:
        server.kill()
