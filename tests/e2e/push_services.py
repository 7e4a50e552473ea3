"""Firebase and a browser's push service on loopback: signatures verified, what is encrypted decrypted."""

import json
import secrets
import threading
import time
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from parcours.channels.push.keys import from_base64url, to_base64url

Answer = tuple[int, Any, tuple[tuple[str, str], ...]]


class _Receiver:
    """Answers POSTs by `take(path, headers in lower case, body)`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, body, more = receiver.take(self.path, headers, raw)
                told = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                for name, value in more:
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
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        raise NotImplementedError


class Firebase(_Receiver):
    """A project, and the server that gives out its access tokens."""

    project = "shop-1"
    email = "push@shop-1.example"

    def __init__(self, answer: Callable[[dict[str, Any], int], tuple[int, str] | None] | None = None) -> None:
        """answer: (message, how many came to its token before) → (status, FcmError code) of a refusal, or None."""
        super().__init__()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.answer = answer or (lambda message, before: None)
        self.got: list[dict[str, Any]] = []
        self.asked = 0
        """How often an access token was asked for."""
        self.valid: set[str] = set()

    @property
    def account(self) -> str:
        """The service account's file."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {
                "type": "service_account", "project_id": self.project, "private_key_id": "k1", "private_key": pem,
                "client_email": self.email, "token_uri": f"{self.url}/token",
            }
        )  # fmt: skip

    def to(self, token: str) -> list[dict[str, Any]]:
        with self.lock:
            return [one for one in self.got if one.get("token") == token]

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if path == "/token":
            return self._give_token(raw)
        if path != f"/v1/projects/{self.project}/messages:send" or headers.get("content-type") != "application/json":
            self.faults.append(f"{path} {headers}")
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}}, ()
        message = json.loads(raw)["message"]
        if not all(isinstance(value, str) for value in message.get("data", {}).values()):
            self.faults.append("data that is no text")
        with self.lock:
            before = sum(one["token"] == message["token"] for one in self.got)
            self.got.append(message)
        refusal = self.answer(message, before)
        if refusal is None:
            return 200, {"name": f"projects/{self.project}/messages/{len(self.got)}"}, ()
        status, code = refusal
        details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]
        error = {"code": status, "status": code, "message": "refused", "details": details}
        return status, {"error": error}, (("Retry-After", "1"),)

    def _give_token(self, raw: bytes) -> Answer:
        form = dict(urllib.parse.parse_qsl(raw.decode()))
        self.asked += 1
        try:
            claims = jwt.decode(form["assertion"], RSAKey.import_key(self._public()), algorithms=["RS256"]).claims
        except (JoseError, KeyError, ValueError):
            return 400, {"error": "invalid_grant"}, ()
        is_good = (
            form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            and claims["iss"] == self.email
            and claims["aud"] == f"{self.url}/token"
            and claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
            and claims["iat"] - 60 < time.time() < claims["exp"] <= claims["iat"] + 3_600
        )
        if not is_good:
            return 400, {"error": "invalid_grant"}, ()
        token = secrets.token_hex(8)
        self.valid.add(token)
        return 200, {"access_token": token, "expires_in": 3_599, "token_type": "Bearer"}, ()

    def _public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Browser(NamedTuple):
    """A browser that subscribed."""

    key: ec.EllipticCurvePrivateKey
    auth: bytes
    subscription: str
    """As the page's script sends it, without a space."""

    def decrypt(self, body: bytes) -> bytes:
        """The other side of RFC 8291, §3.4 and RFC 8188, §2."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        assert len(body) <= 4_096
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\x00" + public + theirs
        material = HKDF(SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
        plain = AESGCM(key).decrypt(nonce, record, None)
        text, mark, padding = plain.rpartition(b"\x02")
        assert mark
        assert not padding.strip(b"\x00")
        return text


class BrowserService(_Receiver):
    """A push service for browsers; answers by what the subscription's path begins with: `/gone`, `/busy`, `/secret`."""

    def __init__(self, vapid_key: ec.EllipticCurvePrivateKey, subject: str) -> None:
        super().__init__()
        self._public = to_base64url(vapid_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        self._key = ECKey.import_key(
            vapid_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        self._subject = subject
        self.browsers: dict[str, Browser] = {}
        self.got: list[tuple[str, dict[str, str], Any]] = []
        """(path, headers, what the page's script reads)."""

    def subscribe(self, path: str) -> Browser:
        """A new browser that is reached at a path."""
        key, auth = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        document = {
            "endpoint": self.url + path, "expirationTime": None,
            "keys": {"p256dh": to_base64url(point), "auth": to_base64url(auth)},
        }  # fmt: skip
        self.browsers[path] = Browser(key, auth, json.dumps(document, separators=(",", ":")))
        return self.browsers[path]

    def to(self, path: str) -> list[tuple[dict[str, str], Any]]:
        with self.lock:
            return [(headers, content) for where, headers, content in self.got if where == path]

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(one.strip().partition("=")[::2] for one in rest.split(","))
        try:
            claims = jwt.decode(parts.get("t", ""), self._key, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return 403, None, ()
        if scheme != "vapid" or parts.get("k") != self._public or from_base64url(parts["k"])[0] != 4:
            return 403, None, ()
        is_good = claims["aud"] == self.url and claims["sub"] == self._subject
        if not is_good or not time.time() < claims["exp"] <= time.time() + 86_400:
            return 403, None, ()
        if headers.get("content-encoding") != "aes128gcm" or not headers.get("ttl", "").isdecimal():
            self.faults.append(f"headers {headers}")
        content = json.loads(self.browsers[path].decrypt(raw))
        with self.lock:
            before = sum(where == path for where, _, _ in self.got)
            self.got.append((path, headers, content))
        if path.startswith("/gone"):
            return 410, None, ()
        if path.startswith("/busy") and not before:
            return 429, None, (("Retry-After", "1"),)
        return 201, None, (("Location", f"{self.url}/message/{len(self.got)}"),)
