"""Push notifications through Firebase Cloud Messaging, HTTP v1.

Source: Firebase, `projects.messages` and `FcmError`; Google, OAuth 2.0 for server to server applications.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from parcours.channels.exchange import exchange, failed, is_passing, object_of, retry_after_of
from parcours.channels.model import Http, Message, SendOutcome
from parcours.channels.push.keys import ServiceAccount, sign_assertion

BASE_URL = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
EARLIER_S = 300.0
"""How long before its end a token is replaced."""
MAX_TTL_S = 2_419_200
MAX_BYTES = 4_096
"""Of a notification: texts and data."""
RESERVED = frozenset({"from", "message_type", "collapse_key"})
_REASONS: Mapping[str, str] = {
    "UNREGISTERED": "the token is no longer registered",
    "SENDER_ID_MISMATCH": "the token belongs to another project",
    "THIRD_PARTY_AUTH_ERROR": "Firebase is refused by Apple or by the browser's push service",
    "QUOTA_EXCEEDED": "too many messages at once",
    "UNAVAILABLE": "Firebase is overloaded",
    "INTERNAL": "Firebase failed",
    "PERMISSION_DENIED": "the service account may not send for this project",
    "UNAUTHENTICATED": "Firebase refuses the access token",
}


class Fcm:
    """One project."""

    def __init__(
        self,
        http: Http,
        account: ServiceAccount,
        *,
        base_url: str = BASE_URL,
        ttl_s: int,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._account = account
        self._url = f"{base_url.rstrip('/')}/v1/projects/{quote(account.project_id, safe='')}/messages:send"
        self._ttl_s = ttl_s
        self._now_s = now_s
        self._token: tuple[str, float] | None = None
        self._asking: asyncio.Task[str | SendOutcome] | None = None

    async def send(self, message: Message, token: str) -> SendOutcome:
        """One attempt; once more when the access token is refused."""
        body = document_of(message, token, self._ttl_s)
        if len(body) > MAX_BYTES + 2_048:
            return failed("payloadTooLarge", f"the notification has {len(body)} bytes", is_permanent=True)
        answer = await self._post(body)
        if not isinstance(answer, SendOutcome) and answer.status == 401:
            answer = await self._post(body)
        if isinstance(answer, SendOutcome):
            return answer
        told = object_of(answer.body)
        if answer.status == 200:
            name = told.get("name")
            return SendOutcome("sent", provider_id=name if isinstance(name, str) else None)
        return outcome_of(answer.status, told, retry_after_of(answer.headers))

    async def close(self) -> None:
        """Give up asking for a token."""
        if self._asking is not None:
            self._asking.cancel()

    async def _post(self, body: bytes) -> Any | SendOutcome:
        """One exchange; a token that is refused is not used again."""
        access = await self._access()
        if isinstance(access, SendOutcome):
            return access
        secret = {"Authorization": f"Bearer {access}"}
        answer = await exchange(self._http, self._url, {"Content-Type": "application/json"}, body, secret)
        if getattr(answer, "status", None) == 401 and self._token is not None and self._token[0] == access:
            self._token = None
        return answer

    async def _access(self) -> str | SendOutcome:
        """A token, asked for once for the many who wait for it."""
        if self._token is not None and self._token[1] > self._now_s():
            return self._token[0]
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        return await asyncio.shield(self._asking)

    def _asked(self, task: "asyncio.Task[str | SendOutcome]") -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # whoever waits has it too

    async def _ask(self) -> str | SendOutcome:
        assertion = sign_assertion(self._account, SCOPE, int(self._now_s()))
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await exchange(self._http, self._account.token_url, headers, urlencode(form).encode(), {})
        if isinstance(answer, SendOutcome):
            return answer
        told = object_of(answer.body)
        token, lifetime = told.get("access_token"), told.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not token:
            return failed(
                "tokenUnavailable", f"the token server answered {answer.status}",
                is_permanent=not is_passing(answer.status), retry_after_s=retry_after_of(answer.headers),
            )  # fmt: skip
        lifetime_s = float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else 0.0
        self._token = (token, self._now_s() + max(lifetime_s - EARLIER_S, lifetime_s / 2))
        return token


def document_of(message: Message, token: str, ttl_s: int) -> bytes:
    """The body of `messages:send`.

    The key names the notification on the device (`tag`, `apns-collapse-id`), so that one sent twice is shown once.
    """
    fields = message.fields
    notification = {name: fields[name] for name in ("title", "body", "image") if fields.get(name)}
    data = {f"_{name}" if name in RESERVED else name: value for name, value in message.data.items()}
    if fields.get("link"):
        data.setdefault("link", fields["link"])
    urgent = message.category == "transactional"
    document: dict[str, Any] = {
        "token": token,
        "notification": notification,
        "android": {
            "priority": "HIGH" if urgent else "NORMAL", "ttl": f"{ttl_s}s", "notification": {"tag": message.key},
        },
        "apns": {"headers": {"apns-collapse-id": message.key[:64]}},
    }  # fmt: skip
    if data:
        document["data"] = data
    if fields.get("link", "").startswith("https://"):
        document["webpush"] = {"fcm_options": {"link": fields["link"]}}
    return orjson.dumps({"message": document})


def outcome_of(status: int, told: Mapping[str, Any], retry_after_s: float | None) -> SendOutcome:
    """What a refusal means. Only what is said of the token itself retires it: a wrong project does not."""
    error = told.get("error")
    error = error if isinstance(error, dict) else {}
    details = error.get("details")
    details = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    code = next((one["errorCode"] for one in details if isinstance(one.get("errorCode"), str)), None)
    code = code or (error["status"] if isinstance(error.get("status"), str) else str(status))
    if code == "UNREGISTERED" or (code in ("NOT_FOUND", "404") and status == 404):
        return failed("UNREGISTERED", _REASONS["UNREGISTERED"], is_permanent=True, bounce="hard")
    if code == "INVALID_ARGUMENT" and _is_about_token(error, details):
        return failed(code, "no token of this service", is_permanent=True, bounce="hard")
    is_permanent = not is_passing(status) and code not in ("QUOTA_EXCEEDED", "UNAVAILABLE", "INTERNAL")
    reason = _REASONS.get(code, f"Firebase answered {status}, {code[:40]}")
    return failed(code[:60], reason, is_permanent=is_permanent, retry_after_s=retry_after_s)


def _is_about_token(error: Mapping[str, Any], details: list[dict[str, Any]]) -> bool:
    violations = [
        one
        for detail in details
        if isinstance(detail.get("fieldViolations"), list)
        for one in detail["fieldViolations"]
    ]
    if violations:
        return any(isinstance(one, dict) and one.get("field") == "message.token" for one in violations)
    return "registration token" in str(error.get("message", "")).lower()
