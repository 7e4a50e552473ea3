"""A receiver that answers as a test wants, and keeps what came with the time it came."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Arrived(NamedTuple):
    """One request."""

    at: float
    """`time.time()` when its body had come."""
    key: str
    """Its Idempotency-Key."""
    headers: dict[str, str]
    """Names in lower case."""
    path: str
    body: Any


class Reply(NamedTuple):
    """How to answer."""

    status: int = 200
    body: Any = None
    delay_s: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()


class ScriptedReceiver:
    """Asks `answer` for each request; it gets the request and how many came under its key before."""

    def __init__(self, answer: Callable[[Arrived, int], Reply]) -> None:
        self.arrived: list[Arrived] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = json.loads(text) if text else None
                request = Arrived(time.time(), headers.get("idempotency-key", ""), headers, self.path, body)
                with receiver._lock:
                    before = sum(one.key == request.key for one in receiver.arrived)
                    receiver.arrived.append(request)
                reply = answer(request, before)
                time.sleep(reply.delay_s)
                answered = b"" if reply.body is None else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in (("Content-Type", "application/json"), *reply.headers):
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answered)))
                self.end_headers()
                self.wfile.write(answered)

            do_GET = do_PUT = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_: Any) -> None:
                """A server that was killed in the middle of a call is no fault here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def to(self, recipient: str) -> list[Arrived]:
        """What came for a recipient."""
        with self._lock:
            return [one for one in self.arrived if isinstance(one.body, dict) and one.body.get("to") == recipient]
