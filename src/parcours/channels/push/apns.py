"""Push notifications through Apple's service: HTTP/2, with a token of the team's key.

Source: Apple, Sending notification requests to APNs; Handling notification responses from APNs; Establishing a
token-based connection to APNs.
"""

import ssl
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from socket import socket
from typing import Any
from urllib.parse import quote

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from parcours.channels.dialing import Unreachable
from parcours.channels.exchange import failed, is_passing, object_of, retry_after_of
from parcours.channels.model import Message, SendOutcome
from parcours.channels.push.http2 import Http2Client, NoAnswer
from parcours.channels.push.keys import TokenMaker
from parcours.kit.egress import Endpoint

BASE_URL = "https://api.push.apple.com"
SANDBOX_URL = "https://api.sandbox.push.apple.com"
TOKEN_USE_S = 2_400.0
"""Apple wants a token to be used for 20 minutes at least and 60 at most."""
MAX_BYTES = 4_096
_DEAD = frozenset({"Unregistered", "ExpiredToken", "BadDeviceToken"})
_REASONS: Mapping[str, str] = {
    "BadDeviceToken": "no device token of this service and environment",
    "ExpiredToken": "the device token is out of date",
    "Unregistered": "the app is no longer on the device",
    "DeviceTokenNotForTopic": "the device token belongs to another app",
    "TooManyRequests": "too many notifications to one device",
    "TooManyProviderTokenUpdates": "Apple wants fewer new tokens",
    "InvalidProviderToken": "Apple refuses key, key id or team id",
    "MissingProviderToken": "Apple refuses key, key id or team id",
    "BadTopic": "apnsTopic is no topic of the key's team",
    "TopicDisallowed": "apnsTopic is no topic of the key's team",
    "PayloadTooLarge": "the notification is too large",
    "ServiceUnavailable": "Apple's service is not available",
    "Shutdown": "Apple's server shuts down",
}


class Apns:
    """One app in one environment of Apple's."""

    def __init__(
        self,
        endpoint: Endpoint,
        context: ssl.SSLContext,
        dial: Callable[[str, int], Awaitable[socket]],
        key: ec.EllipticCurvePrivateKey,
        *,
        key_id: str,
        team_id: str,
        topic: str,
        ttl_s: int,
        limit_s: float,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._client = Http2Client(
            endpoint.host, endpoint.port, context, lambda: dial(endpoint.host, endpoint.port), limit_s
        )
        self._tokens = TokenMaker(key, {"kid": key_id}, TOKEN_USE_S, now_s)
        self._team_id = team_id
        self._topic = topic
        self._ttl_s = ttl_s
        self._now_s = now_s

    async def send(self, message: Message, token: str) -> SendOutcome:
        """One attempt; once more when the provider token is out of date."""
        body = payload_of(message)
        if len(body) > MAX_BYTES:
            reason = f"the notification has {len(body)} bytes, {MAX_BYTES} at most"
            return failed("payloadTooLarge", reason, is_permanent=True)
        try:
            for attempt in (1, 2):
                access = self._tokens.token(lambda now_s: {"iss": self._team_id, "iat": now_s})
                headers = {**self._headers(message), "authorization": f"bearer {access}"}
                answer = await self._client.post(f"/3/device/{quote(token, safe='')}", headers, body)
                told = object_of(answer.body)
                if answer.status == 403 and told.get("reason") == "ExpiredProviderToken" and attempt == 1:
                    self._tokens.drop(access)
                    continue
                break
        except Unreachable as error:
            return failed("unreachable", f"Apple's service: {error}", is_permanent=error.is_permanent)
        except ssl.SSLCertVerificationError:
            return failed("unreachable", "Apple's service: its certificate can't be trusted")
        except (NoAnswer, OSError) as error:
            reason = str(error) if isinstance(error, NoAnswer) else type(error).__name__
            return failed("unreachable", f"Apple's service: {reason}")
        if answer.status == 200:
            return SendOutcome("sent", provider_id=answer.headers.get("apns-id") or apns_id(message.key))
        return outcome_of(answer.status, told, retry_after_of(answer.headers))

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()

    def _headers(self, message: Message) -> dict[str, str]:
        return {
            "apns-topic": self._topic,
            "apns-push-type": "alert",
            "apns-priority": "10" if message.category == "transactional" else "5",
            "apns-expiration": str(int(self._now_s()) + self._ttl_s) if self._ttl_s else "0",
            "apns-id": apns_id(message.key),
            "apns-collapse-id": message.key[:64],
            "content-type": "application/json",
        }


def apns_id(key: str) -> str:
    """The id of a notification at Apple, the same in every attempt."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"parcours:{key}"))


def payload_of(message: Message) -> bytes:
    """The body: `aps`, and beside it link, image and the template's data, which can't take the place of `aps`."""
    fields = message.fields
    aps: dict[str, Any] = {
        "alert": {name: fields[name] for name in ("title", "body") if fields.get(name)}, "sound": "default",
    }  # fmt: skip
    if fields.get("image"):
        aps["mutable-content"] = 1  # the app's extension fetches it
    more = {name: fields[name] for name in ("link", "image") if fields.get(name)}
    return orjson.dumps({**more, **message.data, "aps": aps})


def outcome_of(status: int, told: Mapping[str, Any], retry_after_s: float | None) -> SendOutcome:
    """What a refusal means."""
    code = told["reason"] if isinstance(told.get("reason"), str) else str(status)
    reason = _REASONS.get(code, f"Apple answered {status}, {code[:40]}")
    if status == 410 or (status == 400 and code in _DEAD):
        return failed(code[:60], reason, is_permanent=True, bounce="hard")
    return failed(code[:60], reason, is_permanent=not is_passing(status), retry_after_s=retry_after_s)
