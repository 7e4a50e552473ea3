"""Push notifications to browsers: encrypted for the subscription, signed with the server's VAPID key.

Sources: RFC 8030 (Web Push), RFC 8292 (VAPID).
"""

import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from parcours.channels.exchange import exchange, failed, is_passing, retry_after_of
from parcours.channels.model import Http, Message, SendOutcome
from parcours.channels.push.encryption import MAX_PLAIN_BYTES, SubscriptionUnusable, encrypt
from parcours.channels.push.keys import TokenMaker, from_base64url, public_point, to_base64url
from parcours.kit.egress import Endpoint, UrlRefused, check_url

TOKEN_LIFE_S = 43_200
"""RFC 8292 allows 24 hours."""


class Subscription(NamedTuple):
    """Where a browser is reached, as `PushSubscription.toJSON()` gives it."""

    endpoint: str
    key: bytes
    auth: bytes


def read_subscription(text: str) -> Subscription:
    """`{"endpoint": …, "keys": {"p256dh": …, "auth": …}}`. Raises SubscriptionUnusable."""
    try:
        document = orjson.loads(text)
        keys = document["keys"]
        endpoint, key, auth = document["endpoint"], from_base64url(keys["p256dh"]), from_base64url(keys["auth"])
    except (ValueError, TypeError, KeyError):
        raise SubscriptionUnusable("no subscription of a browser") from None
    if not isinstance(endpoint, str) or not endpoint:
        raise SubscriptionUnusable("a subscription without endpoint")
    return Subscription(endpoint, key, auth)


class WebPush:
    """One VAPID key, whose public half browsers subscribed with."""

    def __init__(
        self,
        http: Http,
        key: ec.EllipticCurvePrivateKey,
        subject: str,
        *,
        ttl_s: int,
        allow_private: bool,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """subject: `mailto:` or https, whom push services turn to."""
        self._http = http
        self._subject = subject
        self._ttl_s = ttl_s
        self._allow_private = allow_private
        self._public = to_base64url(public_point(key))
        self._tokens = TokenMaker(key, {"typ": "JWT"}, TOKEN_LIFE_S / 2, now_s)

    async def send(self, message: Message, token: str) -> SendOutcome:
        """One attempt."""
        plain = payload_of(message)
        if len(plain) > MAX_PLAIN_BYTES:
            reason = f"the notification has {len(plain)} bytes, {MAX_PLAIN_BYTES} at most"
            return failed("payloadTooLarge", reason, is_permanent=True)
        try:
            subscription = read_subscription(token)
            endpoint = check_url(subscription.endpoint, self._allow_private)
            if endpoint.scheme != "https" and not self._allow_private:
                raise SubscriptionUnusable("an endpoint without TLS")
            body = encrypt(plain, subscription.key, subscription.auth)
        except (SubscriptionUnusable, UrlRefused) as error:
            return failed(
                "addressInvalid", f"the subscription can't be used: {error}", is_permanent=True, bounce="hard"
            )
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(self._ttl_s),
            "Urgency": "high" if message.category == "transactional" else "normal",
            "Topic": topic_of(message.key),
        }
        secret = {"Authorization": self._authorization(_origin(endpoint))}
        answer = await exchange(self._http, subscription.endpoint, headers, body, secret)
        if isinstance(answer, SendOutcome):
            return answer
        if 200 <= answer.status < 300:
            where = next((value for name, value in answer.headers.items() if name.lower() == "location"), None)
            return SendOutcome("sent", provider_id=None if where is None else where[-255:])
        return outcome_of(answer.status, retry_after_of(answer.headers))

    async def close(self) -> None:
        """Connections are the sender's."""

    def _authorization(self, origin: str) -> str:
        token = self._tokens.token(
            lambda now_s: {"aud": origin, "exp": now_s + TOKEN_LIFE_S, "sub": self._subject}, origin
        )
        return f"vapid t={token}, k={self._public}"


def payload_of(message: Message) -> bytes:
    """What the page's service worker reads: `{"title", "body", "link", "image", "data", "tag"}`."""
    fields = message.fields
    shown = {name: fields[name] for name in ("title", "body", "link", "image") if fields.get(name)}
    return orjson.dumps({**shown, "tag": message.key, **({"data": dict(message.data)} if message.data else {})})


def topic_of(key: str) -> str:
    """Names the notification at the push service, so that one sent twice waits there once.

    32 characters of base64url, as RFC 8030 §5.4 has it.
    """
    return to_base64url(hashlib.sha256(key.encode()).digest()[:24])


def outcome_of(status: int, retry_after_s: float | None) -> SendOutcome:
    """What a refusal means. Source: RFC 8030 §7.3, RFC 8292 §4.2."""
    code = str(status)
    if status in (404, 410):
        return failed(code, "the browser's subscription is over", is_permanent=True, bounce="hard")
    if status == 413:
        return failed("payloadTooLarge", "the notification is too large for the push service", is_permanent=True)
    if status in (401, 403):
        return failed(code, "the push service refuses the VAPID key", is_permanent=True)
    reason = f"the push service answered {status}"
    return failed(code, reason, is_permanent=not is_passing(status), retry_after_s=retry_after_s)


def _origin(endpoint: Endpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    standard = {"http": 80, "https": 443}[endpoint.scheme]
    return f"{endpoint.scheme}://{host}" + ("" if endpoint.port == standard else f":{endpoint.port}")
