"""A mail server on loopback that misbehaves below what a mail library would let it do; and files that it is told of."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class RoughMailServer:
    """Speaks plain SMTP, and does what `manner` says of each connection by its number from 0 on.

    `good`: takes everything. `drop`: breaks the connection off in the middle of a message. `mute`: never says a word.
    """

    def __init__(self, manner: Callable[[int], str]) -> None:
        self.manner = manner
        self.taken: list[bytes] = []
        """Messages that were taken, whole."""
        self.torn: list[bytes] = []
        """What had come of a message when its connection was broken off."""
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        for one in [self._listener, *self._open]:
            one.close()

    def _listen(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connected)
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._serve, args=(connected, self.manner(number)), daemon=True).start()

    def _serve(self, connected: socket.socket, manner: str) -> None:
        if manner == "mute":
            return
        with contextlib.suppress(OSError):
            self._talk(connected, manner)

    def _talk(self, connected: socket.socket, manner: str) -> None:
        lines = connected.makefile("rb")
        connected.sendall(b"220 rough ESMTP\r\n")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"EHLO":
                connected.sendall(b"250-rough\r\n250 8BITMIME\r\n")
            elif verb == b"QUIT":
                connected.sendall(b"221 Bye\r\n")
                return
            elif verb == b"DATA":
                connected.sendall(b"354 Go on\r\n")
                got = b""
                for part in lines:
                    got += part
                    if manner == "drop" and len(got) > 100:
                        self.torn.append(got)
                        # an abort, which the other side sees as a reset
                        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        lines.close()
                        connected.close()
                        return
                    if part == b".\r\n":
                        break
                self.taken.append(got)
                connected.sendall(b"250 2.0.0 Ok: queued as R1\r\n")
            else:
                connected.sendall(b"250 Ok\r\n")


class Files:
    """Files over HTTP for attachments; `asked` counts requests by path."""

    def __init__(self) -> None:
        files = self
        self.asked: dict[str, int] = {}
        self.over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                files.asked[self.path] = files.asked.get(self.path, 0) + 1
                if self.path == "/hangs.pdf":
                    files.over.wait(60)
                    return
                if self.path == "/endless.pdf":
                    self.send_response(200)
                    self.end_headers()
                    while not files.over.is_set():
                        self.wfile.write(b"x" * 1_000)
                        self.wfile.flush()
                        time.sleep(0.05)
                    return
                if self.path == "/inward.pdf":
                    self.send_response(302)
                    self.send_header("Location", "http://169.254.169.254/latest/meta-data")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                size = {"/terms.pdf": 5_000, "/large.pdf": 1_048_577}.get(self.path)
                body = b"%PDF" + b"x" * (size - 4) if size is not None else b"no such file"
                self.send_response(404 if size is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    super().handle()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
