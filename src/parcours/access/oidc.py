"""Sign-in by an OpenID provider: authorization code with PKCE, and an ID token that is checked here.

Source: OpenID Connect Core 1.0 §3.1, Discovery 1.0, RFC 7636.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from parcours.access.errors import OidcFailed
from parcours.kit.secrets import SecretBox, SecretUnreadable
from parcours.kit.settings import Settings

START, CALLBACK = "/parcours/oidc/start", "/parcours/oidc/callback"
FLOW_LIFETIME_S = 600
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Of public keys alone: a symmetric one would be the client's own secret, and `none` is no signature."""
_KNOWN_FOR_S, _ASK_AGAIN_AFTER_S = 3600.0, 60.0
_SKEW_S = 60
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for."""

    subject: str
    """Issuer and subject: what never changes."""
    email: str
    """Verified, as the provider says."""
    name: str
    """Empty where it tells none."""


class Oidc:
    """One provider, as the settings name it."""

    def __init__(self, settings: Settings, box: SecretBox) -> None:
        self._settings = settings
        self._box = box
        self._redirect_uri = f"{settings.base_url}{CALLBACK}"
        self._provider: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def is_configured(self) -> bool:
        """Whether there is a provider at all."""
        return bool(self._settings.oidc_issuer and self._settings.oidc_client_id)

    @property
    def shown(self) -> dict[str, str] | None:
        """What the sign-in page needs: {"name", "url"}, or None."""
        if not self.is_configured:
            return None
        name = self._settings.oidc_name or urlsplit(self._settings.oidc_issuer).hostname or ""
        return {"name": name, "url": START}

    async def start(self) -> tuple[str, str]:
        """(where to send the browser, what to seal into its cookie meanwhile). Raises OidcFailed."""
        provider = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        flow = {"state": state, "nonce": nonce, "verifier": verifier, "at": int(time.time())}
        url = provider["authorization_endpoint"]
        return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}", self._box.encrypt(orjson.dumps(flow).decode())

    async def finish(self, query: Mapping[str, str], sealed: str) -> Identity:
        """Who came back. query: of the callback; sealed: the cookie's value. Raises OidcFailed."""
        flow = self._unsealed(sealed)
        if not hmac.compare_digest(query.get("state", "").encode(), str(flow["state"]).encode()):
            raise OidcFailed("the answer is not for this browser: start again")
        if "error" in query or not query.get("code"):
            raise OidcFailed(f"the provider refused: {query.get('error', 'no code')[:100]}")
        tokens = await self._exchange(query["code"], str(flow["verifier"]))
        claims = await self._claims(tokens.get("id_token"), str(flow["nonce"]))
        if "email" not in claims:
            claims = {**claims, **await self._user_info(tokens, claims["sub"])}
        email, name = claims.get("email"), claims.get("name")
        if not isinstance(email, str) or claims.get("email_verified") not in (True, "true"):
            raise OidcFailed("the provider names no verified e-mail address")
        subject = f"{claims['iss']} {claims['sub']}"
        if len(subject) > 512 or "\0" in subject:
            raise OidcFailed("the provider's subject is too long")
        return Identity(subject, email, name if isinstance(name, str) else "")

    def _unsealed(self, sealed: str) -> dict[str, Any]:
        try:
            flow: dict[str, Any] = orjson.loads(self._box.decrypt(sealed))
        except (SecretUnreadable, ValueError):
            raise OidcFailed("the answer is not for this browser: start again") from None
        if not 0 <= time.time() - flow["at"] <= FLOW_LIFETIME_S:
            raise OidcFailed("signing in took too long: start again")
        return flow

    async def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        settings, provider = self._settings, await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        methods = provider.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers = {}
        if settings.oidc_client_secret and "client_secret_basic" in methods:
            pair = f"{quote(settings.oidc_client_id, safe='')}:{quote(settings.oidc_client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = settings.oidc_client_id
            if settings.oidc_client_secret:
                form["client_secret"] = settings.oidc_client_secret
        return await self._ask("POST", provider["token_endpoint"], headers, form)

    async def _claims(self, id_token: Any, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is signed, for us, in time, and for this browser. Raises OidcFailed."""
        if not isinstance(id_token, str):
            raise OidcFailed("the provider sent no ID token")
        provider = await self._discovered()
        try:
            claims = jwt.decode(id_token, await self._key_set(), algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            if self._keys is not None and time.monotonic() - self._keys[0] < _ASK_AGAIN_AFTER_S:
                raise OidcFailed("the ID token's signature can't be verified") from None
            self._keys = None  # perhaps the provider has changed its keys
            try:
                claims = jwt.decode(id_token, await self._key_set(), algorithms=_ALGORITHMS).claims
            except (JoseError, ValueError):
                raise OidcFailed("the ID token's signature can't be verified") from None
        fault = fault_of(claims, provider["issuer"], self._settings.oidc_client_id, nonce, time.time())
        if fault:
            raise OidcFailed(f"the ID token is refused: {fault}")
        return dict(claims)

    async def _user_info(self, tokens: Mapping[str, Any], sub: str) -> dict[str, Any]:
        """What some providers tell only there."""
        url = (await self._discovered()).get("userinfo_endpoint")
        if not isinstance(url, str) or not isinstance(tokens.get("access_token"), str):
            return {}
        found = await self._ask("GET", url, {"Authorization": f"Bearer {tokens['access_token']}"})
        if found.get("sub") != sub:
            raise OidcFailed("the provider tells of somebody else")
        return {name: found[name] for name in ("email", "email_verified", "name") if name in found}

    async def _discovered(self) -> dict[str, Any]:
        if self._provider is not None and time.monotonic() - self._provider[0] < _KNOWN_FOR_S:
            return self._provider[1]
        issuer = self._settings.oidc_issuer.rstrip("/")
        document = await self._ask("GET", f"{issuer}/.well-known/openid-configuration")
        needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        if not all(isinstance(document.get(name), str) for name in needed):
            raise OidcFailed("the provider's configuration is incomplete")
        if document["issuer"].rstrip("/") != issuer:
            raise OidcFailed("the provider's configuration names another issuer")
        self._provider = (time.monotonic(), document)
        return document

    async def _key_set(self) -> KeySet:
        if self._keys is None or time.monotonic() - self._keys[0] > _KNOWN_FOR_S:
            document = await self._ask("GET", (await self._discovered())["jwks_uri"])
            try:
                usable = [key for key in document["keys"] if key.get("kty") in ("RSA", "EC")]
                self._keys = (time.monotonic(), KeySet.import_key_set({"keys": usable}))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError):
                raise OidcFailed("the provider's keys can't be read") from None
        return self._keys[1]

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A JSON object from the provider; no redirects, ten seconds, a megabyte. Raises OidcFailed."""
        host = urlsplit(url).hostname
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as client,
                client.request(
                    method,
                    url,
                    headers={"Accept": "application/json", **(headers or {})},
                    data=form,
                    allow_redirects=False,
                    proxy=self._settings.egress_proxy or None,
                ) as answer,
            ):
                body = bytearray()
                async for chunk in answer.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > _MAX_BYTES:
                        raise OidcFailed(f"{host} answers with too much")
                status = answer.status
            document = orjson.loads(body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise OidcFailed(f"{host} can't be asked: {type(error).__name__}") from None
        if status != 200 or not isinstance(document, dict):
            raise OidcFailed(f"{host} answers {status}")
        return document


def fault_of(claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now_s: float) -> str:
    """Why the claims of a verified ID token let nobody in; empty when they do. Source: OIDC Core §3.1.3.7."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires_at, issued_at = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    if claims.get("iss") != issuer:
        return "of another issuer"
    if client_id not in audiences or (len(audiences) > 1 and claims.get("azp") != client_id):
        return "for another audience"
    if claims.get("azp", client_id) != client_id:
        return "for another party"
    if expires_at is None or expires_at + _SKEW_S <= now_s:
        return "expired"
    if issued_at is None or issued_at - _SKEW_S > now_s:
        return "issued in the future"
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        return "not for this browser"
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        return "of nobody"
    return ""


def _seconds(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
