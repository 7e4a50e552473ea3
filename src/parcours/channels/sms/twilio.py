"""SMS through Twilio, or any service with the shape of its Messages resource."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from parcours.channels.errors import ConfigurationInvalid
from parcours.channels.exchange import exchange, failed, object_of, retry_after_of
from parcours.channels.model import Configuration, Message, ProviderKind, SendOutcome, Tools
from parcours.channels.sms import hooks
from parcours.channels.sms.codes import meaning_of
from parcours.kit.egress import UrlRefused, check_url
from parcours.kit.secrets import SecretUnreadable
from parcours.templates.sms_length import measure

BASE_URL = "https://api.twilio.com"
MAX_SEGMENTS = 10
"""What Twilio takes: 1 600 characters of UCS-2 would be 24."""


class Twilio:
    """A provider over one account."""

    def __init__(self, configuration: Configuration, tools: Tools) -> None:
        settings = configuration.settings
        self._settings = settings
        self._sender = configuration.sender
        self._tools = tools
        base_url = settings.get("baseUrl", BASE_URL).rstrip("/")
        self._url = f"{base_url}/2010-04-01/Accounts/{quote(settings['accountSid'], safe='')}/Messages.json"
        self._callback = _callback(configuration.uid, tools) if settings.get("receipts", True) else None
        self._max_segments: int = settings.get("maxSegments", MAX_SEGMENTS)

    async def send(self, message: Message) -> SendOutcome:
        """One attempt."""
        if "from" not in self._sender and "messagingServiceSid" not in self._settings:
            reason = "the configuration has neither sender.from nor messagingServiceSid"
            return failed("senderMissing", reason, is_permanent=True)
        text = message.fields.get("body", "")
        length = measure(text)
        if length.segments > self._max_segments:
            reason = f"{length.segments} segments of {length.encoding}, {self._max_segments} at most"
            return failed("smsTooLong", reason, is_permanent=True)
        try:
            secret = {"Authorization": self._authorization()}
        except SecretUnreadable as error:
            return failed("configuration", str(error), is_permanent=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": message.key}
        body = urlencode(self._form(message, text)).encode()
        answer = await exchange(self._tools.http, self._url, headers, body, secret)
        if isinstance(answer, SendOutcome):
            return answer
        told = object_of(answer.body)
        if 200 <= answer.status < 300:
            code = told.get("error_code")
            if code is None:
                sid = told.get("sid")
                return SendOutcome("sent", provider_id=sid if isinstance(sid, str) else None)
        else:
            code = told.get("code")
        return _refused(str(code) if isinstance(code, int) and code else str(answer.status), answer)

    async def close(self) -> None:
        """Connections are the sender's."""

    def _form(self, message: Message, text: str) -> dict[str, str]:
        settings = self._settings
        form = {"To": message.address, "Body": text}
        if "messagingServiceSid" in settings:
            form["MessagingServiceSid"] = settings["messagingServiceSid"]
        if "from" in self._sender:
            form["From"] = self._sender["from"]
        if self._callback is not None:
            form["StatusCallback"] = f"{self._callback}?key={quote(message.key, safe='')}"
        if "validitySeconds" in settings:
            form["ValidityPeriod"] = str(settings["validitySeconds"])
        if settings.get("smartEncoding"):
            form["SmartEncoded"] = "true"
        return form

    def _authorization(self) -> str:
        settings = self._settings
        user, sealed = (
            (settings["apiKeySid"], settings["apiKeySecret"])
            if "apiKeySid" in settings
            else (settings["accountSid"], settings["authToken"])
        )
        pair = f"{user}:{self._tools.decrypt(sealed)}"
        return "Basic " + base64.b64encode(pair.encode()).decode()


def _refused(code: str, answer: Any) -> SendOutcome:
    meaning = meaning_of(code, answer.status)
    is_permanent = meaning.is_permanent and answer.status != 429
    return failed(
        code, meaning.reason, is_permanent=is_permanent, bounce=meaning.bounce,
        retry_after_s=retry_after_of(answer.headers),
    )  # fmt: skip


def _callback(uid: str, tools: Tools) -> str | None:
    """Where receipts are posted; None when the server's own URL can't be reached from outside."""
    url = f"{tools.base_url.rstrip('/')}/m/f/{uid}"
    try:
        check_url(url, tools.allow_private)
    except UrlRefused:
        return None
    return url


def _check(settings: Mapping[str, Any], allow_private: bool) -> None:
    if ("apiKeySid" in settings) != ("apiKeySecret" in settings):
        raise ConfigurationInvalid("apiKeySid and apiKeySecret come together", "$.provider.settings.apiKeySid")
    if "baseUrl" not in settings:
        return
    where = "$.provider.settings.baseUrl"
    try:
        endpoint = check_url(settings["baseUrl"], allow_private)
    except UrlRefused as refused:
        raise ConfigurationInvalid(str(refused), where) from None
    if endpoint.scheme != "https" and not allow_private:
        raise ConfigurationInvalid("a password is not told without TLS: the URL begins with https://", where)
    parts = urlsplit(settings["baseUrl"])
    if parts.query or parts.fragment:
        raise ConfigurationInvalid("the URL has neither query nor fragment", where)


_SID = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
_SECRET = {"type": "string", "minLength": 1, "maxLength": 1_000}
KIND = ProviderKind(
    kind="twilio",
    channels=frozenset({"sms"}),
    schema={
        "type": "object",
        "required": ["accountSid", "authToken"],
        "properties": {
            "baseUrl": {"type": "string", "minLength": 1, "maxLength": 500},
            "accountSid": _SID,
            "authToken": _SECRET,
            "apiKeySid": _SID,
            "apiKeySecret": _SECRET,
            "messagingServiceSid": _SID,
            "receipts": {"type": "boolean"},
            "maxSegments": {"type": "integer", "minimum": 1, "maximum": 24},
            "smartEncoding": {"type": "boolean"},
            "validitySeconds": {"type": "integer", "minimum": 1, "maximum": 36_000},
            "stopWords": {
                "type": "array",
                "maxItems": 20,
                "items": {"type": "string", "minLength": 1, "maxLength": 40},
            },
            "helpText": {"type": "string", "minLength": 1, "maxLength": 1_600},
        },
        "additionalProperties": False,
    },
    open=Twilio,
    secrets=frozenset({"authToken", "apiKeySecret"}),
    destination=lambda settings: settings.get("baseUrl", BASE_URL),
    read_feedback=hooks.read,
    answer=hooks.answer,
    check=_check,
)
