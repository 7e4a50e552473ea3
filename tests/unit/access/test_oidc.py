"""Sign-in by an OpenID provider: a double on loopback answers rightly, and in every wrong way."""

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from parcours.access.errors import OidcFailed
from parcours.access.oidc import Oidc, fault_of
from parcours.access.sessions import COOKIE
from parcours.app import Platform, build_platform
from parcours.db import metadata
from parcours.edge import build_control_plane
from parcours.kit.settings import Settings

CLIENT, SECRET = "designer", "s3cr3t:with/signs"
ADA = {"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"}


class Provider:
    """What an OpenID provider does, as far as a client sees it. `claims` and `sign` can be bent."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, auto_kid=False)
        self.claims: dict[str, Any] = {}
        self.left_out: tuple[str, ...] = ()
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.user_info: dict[str, Any] = {}
        self.asked: list[str] = []
        self.challenge = self.nonce = ""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                self._send(provider.document(self.path))

            def do_POST(self) -> None:
                provider.asked.append(self.path)
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._send(provider.exchange(form, self.headers.get("Authorization", "")))

            def _send(self, document: dict[str, Any] | None) -> None:
                self.send_response(400 if document is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def document(self, path: str) -> dict[str, Any]:
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        if path == "/me":
            return self.user_info
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/me",
        }

    def exchange(self, form: dict[str, list[str]], authorization: str) -> dict[str, Any] | None:
        pair = base64.b64decode(authorization.partition(" ")[2]).decode()
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if pair != f"{CLIENT}:s3cr3t%3Awith%2Fsigns" or challenge != self.challenge or form["code"] != ["the-code"]:
            return None
        now_s = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "248289761001",
            "exp": now_s + 300,
            "iat": now_s,
            "nonce": self.nonce,
            "email": ADA["email"],
            "email_verified": True,
            "name": "Ada of the provider",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.left_out}
        return {"access_token": "for-user-info", "token_type": "Bearer", "id_token": self.sign(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "kid": "one"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def served(tmp_path: Any, provider: Provider, request: pytest.FixtureRequest) -> Iterator[Platform]:
    """A server that knows the provider, and has one user, Ada. A parameter is the role of newcomers."""
    built = build_platform(
        Settings(
            data_dir=tmp_path / "data",
            public_url="http://parcours.test",
            oidc_issuer=provider.url,
            oidc_client_id=CLIENT,
            oidc_client_secret=SECRET,
            oidc_name="Example",
            oidc_role=getattr(request, "param", ""),
        )
    )
    metadata.create_all(built.db.engine)
    built.access.bootstrap()
    yield built
    built.close()


def browser(platform: Platform) -> TestClient:
    return TestClient(
        build_control_plane(platform),
        base_url="http://parcours.test",
        follow_redirects=False,
        raise_server_exceptions=False,
    )


def with_ada(platform: Platform) -> None:
    link = platform.users.open_setup()
    assert link is not None
    token = link.url.partition("#")[2]
    assert browser(platform).post("/parcours/setup", json={**ADA, "token": token}).status_code == 201


def start(client: TestClient, provider: Provider) -> str:
    """Go to the provider; returns the state."""
    answer = client.get("/parcours/oidc/start")
    assert answer.status_code == 302, answer.text
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert query["redirect_uri"] == "http://parcours.test/parcours/oidc/callback"
    assert (query["response_type"], query["client_id"]) == ("code", CLIENT)
    assert query["code_challenge_method"] == "S256"
    provider.challenge, provider.nonce = query["code_challenge"], query["nonce"]
    return query["state"]


def come_back(client: TestClient, state: str) -> Any:
    return client.get("/parcours/oidc/callback", params={"code": "the-code", "state": state})


def test_a_known_address_comes_in(served: Platform, provider: Provider) -> None:
    with_ada(served)
    client = browser(served)
    nobody = client.get("/parcours/session").json()
    assert nobody["oidc"] == {"name": "Example", "url": "/parcours/oidc/start"}
    answer = come_back(client, start(client, provider))
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert answer.headers["cache-control"] == "no-store"
    session = client.get("/parcours/session").json()
    assert session["user"]["email"] == ADA["email"]
    assert session["user"]["name"] == ADA["name"]
    # from now on the subject counts, whatever the address is
    provider.claims = {"email": "ada@elsewhere.example", "email_verified": False}
    other = browser(served)
    assert come_back(other, start(other, provider)).status_code == 403
    provider.claims = {"email": "ada@elsewhere.example"}
    other = browser(served)
    assert come_back(other, start(other, provider)).status_code == 302
    assert other.get("/parcours/session").json()["user"]["email"] == ADA["email"]
    # and nobody else is known by it
    provider.claims = {"sub": "another"}
    third = browser(served)
    assert come_back(third, start(third, provider)).status_code == 403


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another"}, "not for this browser"),
        ({"aud": "another"}, "for another audience"),
        ({"aud": [CLIENT, "another"]}, "for another audience"),
        ({"azp": "another"}, "for another party"),
        ({"exp": 1}, "expired"),
        ({"exp": "tomorrow"}, "expired"),
        ({"iat": 32503680000}, "issued in the future"),
        ({"iss": "http://127.0.0.1"}, "of another issuer"),
        ({"sub": ""}, "of nobody"),
        ({"email_verified": False}, "no verified"),
        ({"email_verified": None}, "no verified"),
    ],
)
def test_a_wrong_claim_lets_nobody_in(
    served: Platform, provider: Provider, claims: dict[str, Any], reason: str
) -> None:
    with_ada(served)
    provider.claims = claims
    client = browser(served)
    answer = come_back(client, start(client, provider))
    assert answer.status_code == 403
    assert reason in answer.json()["detail"]
    assert COOKIE not in client.cookies


def test_a_wrong_signature_lets_nobody_in(served: Platform, provider: Provider) -> None:
    with_ada(served)
    stranger = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    shared = OctKey.import_key(SECRET.encode().ljust(32, b"."))
    for sign in (
        unsigned,
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, stranger),
        lambda claims: jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared),
        lambda claims: "nonsense",
        lambda claims: "a.b.c",
    ):
        provider.sign = sign
        client = browser(served)
        answer = come_back(client, start(client, provider))
        assert (answer.status_code, COOKIE in client.cookies) == (403, False), sign
    provider.sign = provider.signed
    client = browser(served)
    assert come_back(client, start(client, provider)).status_code == 302


def test_an_answer_for_another_browser_is_refused(served: Platform, provider: Provider) -> None:
    with_ada(served)
    client, other = browser(served), browser(served)
    state = start(client, provider)
    assert come_back(other, state).status_code == 403
    start(other, provider)
    assert come_back(other, state).status_code == 403
    assert client.get("/parcours/oidc/callback", params={"error": "access_denied", "state": state}).status_code == 403
    client.cookies.set("parcours_oidc", "nonsense", path="/parcours/oidc")
    assert come_back(client, "x").status_code == 403


def test_nobody_uninvited_comes_in_where_no_role_is_set(served: Platform, provider: Provider) -> None:
    client = browser(served)
    refused = come_back(client, start(client, provider))
    assert (refused.status_code, "link" in refused.json()["detail"]) == (403, True)
    with_ada(served)
    provider.claims = {"email": "eve@example.com"}
    client = browser(served)
    refused = come_back(client, start(client, provider))
    assert (refused.status_code, "invited" in refused.json()["detail"]) == (403, True)


@pytest.mark.parametrize("served", ["limited-access-user"], indirect=True)
def test_a_newcomer_gets_the_role_of_the_settings(served: Platform, provider: Provider) -> None:
    with_ada(served)
    provider.claims, provider.left_out = {}, ("email", "email_verified")
    provider.user_info = {"sub": "another", "email": "ben@example.com", "email_verified": True}
    client = browser(served)
    assert come_back(client, start(client, provider)).status_code == 403
    provider.user_info["sub"] = "248289761001"
    client = browser(served)
    assert come_back(client, start(client, provider)).status_code == 302
    session = client.get("/parcours/session").json()
    assert session["user"]["email"] == "ben@example.com"
    assert "journeys.read" in session["permissions"]["prod"]
    assert "journeys.write" not in session["permissions"]["prod"]


@pytest.mark.parametrize("served", ["no-such-role"], indirect=True)
def test_a_role_that_there_is_not_lets_nobody_new_in(served: Platform, provider: Provider) -> None:
    with_ada(served)
    provider.claims = {"email": "ben@example.com"}
    client = browser(served)
    assert come_back(client, start(client, provider)).status_code == 403


def test_keys_are_kept_and_asked_for_again_when_they_change(served: Platform, provider: Provider) -> None:
    with_ada(served)
    app = build_control_plane(served)

    def sign_in() -> int:
        client = TestClient(app, base_url="http://parcours.test", follow_redirects=False)
        status: int = come_back(client, start(client, provider)).status_code
        return status

    assert [sign_in(), sign_in()] == [302, 302]
    assert (provider.asked.count("/keys"), provider.asked.count("/.well-known/openid-configuration")) == (1, 1)


def test_changed_keys_are_asked_for_once_the_known_ones_are_a_minute_old(served: Platform, provider: Provider) -> None:
    oidc = Oidc(served.settings, served.secrets)
    now_s = int(time.time())
    claims = {"iss": provider.url, "aud": CLIENT, "sub": "1", "exp": now_s + 300, "iat": now_s, "nonce": "n"}

    async def check() -> None:
        await oidc._key_set()
        provider.key = RSAKey.generate_key(2048, {"kid": "two"}, auto_kid=False)
        token = jwt.encode({"alg": "RS256", "kid": "two"}, claims, provider.key)
        with pytest.raises(OidcFailed, match="signature"):
            await oidc._claims(token, "n")
        assert provider.asked.count("/keys") == 1
        assert oidc._keys is not None
        oidc._keys = (oidc._keys[0] - 61, oidc._keys[1])
        assert (await oidc._claims(token, "n"))["sub"] == "1"
        assert provider.asked.count("/keys") == 2

    asyncio.run(check())


def test_a_provider_that_is_away_or_another_one_lets_nobody_in(served: Platform, provider: Provider) -> None:
    provider.url = "http://127.0.0.1:9"
    named_otherwise = browser(served).get("/parcours/oidc/start")
    assert (named_otherwise.status_code, "another issuer" in named_otherwise.json()["detail"]) == (403, True)
    provider.close()
    assert browser(served).get("/parcours/oidc/start").status_code == 403


def test_without_a_provider_there_is_nothing_to_go_to(platform: Platform) -> None:
    assert browser(platform).get("/parcours/oidc/start").status_code == 404
    assert browser(platform).get("/parcours/oidc/callback").status_code == 404
    assert browser(platform).get("/parcours/session").json()["oidc"] is None


def test_times_have_a_minute_of_leeway() -> None:
    claims = {"iss": "i", "aud": "c", "sub": "s", "nonce": "n", "exp": 1000, "iat": 900}
    assert fault_of(claims, "i", "c", "n", 1059) == ""
    assert fault_of(claims, "i", "c", "n", 1060) == "expired"
    assert fault_of(claims, "i", "c", "n", 840) == ""
    assert fault_of(claims, "i", "c", "n", 839) == "issued in the future"
    assert fault_of({**claims, "aud": ["c", "d"], "azp": "c"}, "i", "c", "n", 1000) == ""
