"""Private keys of push services, and the short-lived tokens signed with them."""

import base64
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey


class KeyUnusable(ValueError):
    """A text that is not the key it should be; the message repeats nothing of it."""


class ServiceAccount(NamedTuple):
    """What the JSON file of a Google service account says."""

    project_id: str
    email: str
    key_id: str | None
    token_url: str
    key: rsa.RSAPrivateKey


def read_service_account(text: str) -> ServiceAccount:
    """The JSON as Google gives it. Raises KeyUnusable."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise KeyUnusable("the service account is no JSON") from None
    if not isinstance(document, dict):
        raise KeyUnusable("the service account is no JSON object")
    found: dict[str, str] = {}
    for name in ("project_id", "client_email", "private_key", "token_uri"):
        value = document.get(name)
        if not isinstance(value, str) or not value:
            raise KeyUnusable(f"the service account has no {name}")
        found[name] = value
    key = _load(found["private_key"])
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
        raise KeyUnusable("private_key of the service account is no RSA key of 2048 bits or more")
    key_id = document.get("private_key_id")
    return ServiceAccount(
        found["project_id"], found["client_email"], key_id if isinstance(key_id, str) else None, found["token_uri"], key
    )


def read_apns_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The .p8 file as Apple gives it. Raises KeyUnusable."""
    key = _load(text)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnusable("no private key on the curve P-256 in PEM")
    return key


def read_vapid_key(text: str) -> ec.EllipticCurvePrivateKey:
    """PEM, or the 32 bytes in base64url that tools for Web Push make. Raises KeyUnusable."""
    if "-----BEGIN" in text:
        return read_apns_key(text)
    try:
        raw = from_base64url(text.strip())
        if len(raw) != 32:
            raise ValueError
        return ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1())
    except ValueError:
        raise KeyUnusable("no private key on the curve P-256, as PEM or 32 bytes in base64url") from None


@cache
def unused_key(name: str) -> str:
    """A key that nothing is signed with, in the form of the setting `name`."""
    of_google = name == "fcmServiceAccount"
    key = rsa.generate_private_key(65_537, 2_048) if of_google else ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    if not of_google:
        return pem
    account = {
        "project_id": "none", "client_email": "nobody@example.com", "private_key": pem,
        "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    return orjson.dumps(account).decode()


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key of a private one: 65 bytes, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def from_base64url(text: str) -> bytes:
    """With or without padding. Raises ValueError for anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def to_base64url(raw: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class TokenMaker:
    """Signs tokens with one key; each is used again until it is old."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        header: Mapping[str, str],
        use_s: float,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """header: beside `alg`. use_s: for how long a token is used."""
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = ECKey.import_key(pem)
        self._header = {"alg": "ES256", **header}
        self._use_s = use_s
        self._now_s = now_s
        self._made: dict[str, tuple[float, str]] = {}

    def token(self, claims_at: Callable[[int], Mapping[str, Any]], name: str = "") -> str:
        """A token of these claims, made of the seconds since 1970; name: what tells one set of claims from another."""
        now_s = self._now_s()
        known = self._made.get(name)
        if known is not None and now_s - known[0] < self._use_s:
            return known[1]
        if len(self._made) >= 1_000:
            self._made = {other: one for other, one in self._made.items() if now_s - one[0] < self._use_s}
        if len(self._made) >= 1_000:
            self._made.clear()
        made = jwt.encode(dict(self._header), dict(claims_at(int(now_s))), self._key)
        self._made[name] = (now_s, made)
        return made

    def drop(self, token: str, name: str = "") -> None:
        """Make another next time, unless that has happened."""
        if name in self._made and self._made[name][1] == token:
            del self._made[name]


def sign_assertion(account: ServiceAccount, scope: str, now_s: int) -> str:
    """What a token is asked for with. Source: RFC 7523; Google, Using OAuth 2.0 for server to server applications."""
    pem = account.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    header = {"alg": "RS256", "typ": "JWT", **({"kid": account.key_id} if account.key_id else {})}
    claims = {
        "iss": account.email, "scope": scope, "aud": account.token_url, "iat": now_s, "exp": now_s + 3_600,
    }  # fmt: skip
    return jwt.encode(header, claims, RSAKey.import_key(pem))


def _load(pem: str) -> object:
    try:
        return load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusable("no private key in PEM without password") from None
