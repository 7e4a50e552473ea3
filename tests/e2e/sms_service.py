"""An SMS service with the shape of Twilio's Messages resource, on loopback, that checks what it gets."""

import base64
import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ACCOUNT, TOKEN = "AC0123456789", "an auth token"


class Sms(NamedTuple):
    """A message that was taken, or refused."""

    sid: str
    form: dict[str, str]
    headers: dict[str, str]


class Refusal(NamedTuple):
    """How a message is refused."""

    status: int
    code: int
    headers: tuple[tuple[str, str], ...] = ()


class SmsService:
    """Listens on a free port. `answer` says of a message how it is refused, or None; it gets how many came before."""

    def __init__(
        self,
        answer: Callable[[dict[str, str], int], Refusal | None] | None = None,
        *,
        path: str = "",
        credentials: tuple[str, str] = (ACCOUNT, TOKEN),
    ) -> None:
        """path: what its resources lie below. credentials: user name and password that are let in."""
        self.answer = answer or (lambda form, before: None)
        self._path = path
        self._basic = "Basic " + base64.b64encode(":".join(credentials).encode()).decode()
        self.got: list[Sms] = []
        self.faults: list[str] = []
        """What was wrong with requests, as opposed to what they asked for."""
        self._lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body, more = service._take(self.path, dict(self.headers.items()), raw)
                told = json.dumps(body).encode()
                self.send_response(status)
                for name, value in (("Content-Type", "application/json"), *more):
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{self._path}"

    def to(self, number: str) -> list[Sms]:
        with self._lock:
            return [one for one in self.got if one.form.get("To") == number]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(
        self, path: str, headers: dict[str, str], raw: bytes
    ) -> tuple[int, dict[str, Any], tuple[tuple[str, str], ...]]:
        if headers.get("Authorization") != self._basic:
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}, ()
        form = dict(urllib.parse.parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))
        with self._lock:
            if path != f"{self._path}/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
                self.faults.append(f"path {path}")
            if headers.get("Content-Type") != "application/x-www-form-urlencoded":
                self.faults.append(f"content type {headers.get('Content-Type')}")
            if not form.get("Body") or not ("From" in form or "MessagingServiceSid" in form):
                self.faults.append(f"form {sorted(form)}")
            before = sum(one.form.get("To") == form.get("To") for one in self.got)
            one = Sms(f"SM{len(self.got):032x}", form, headers)
            self.got.append(one)
        refusal = self.answer(form, before)
        if refusal is None:
            return 201, {"sid": one.sid, "status": "queued", "error_code": None, "to": form.get("To")}, ()
        body = {"code": refusal.code, "message": f"not {form.get('To')}", "status": refusal.status}
        return refusal.status, body, refusal.headers


def post_signed(url: str, form: dict[str, str], token: str = TOKEN, signed_url: str | None = None) -> tuple[int, bytes]:
    """POST a form as Twilio does, with its signature: (status, body)."""
    text = (signed_url or url) + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
