"""The system the journey writes to: a small HTTP server that notes every message and when it came."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Answers 200 to every POST and keeps the body, the Idempotency-Key and the time of arrival."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str, dict[str, Any]]] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with receiver._lock:
                    key = self.headers.get("Idempotency-Key", "")
                    receiver.messages.append((time.time(), key, json.loads(body)))
                answer = b'{"status":"queued"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Stay silent: the demo tells what arrived."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512  # many calls connect at once; the default of 5 would drop them

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def by_key(self) -> Counter[str]:
        """How often each Idempotency-Key came."""
        with self._lock:
            return Counter(key for _, key, _ in self.messages)
