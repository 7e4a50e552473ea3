"""Push notifications of one app: to Android and others through Firebase, to Apple's devices, to browsers."""

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from socket import socket
from typing import Any, Protocol

from parcours.channels.dialing import dial
from parcours.channels.errors import ConfigurationInvalid
from parcours.channels.exchange import failed
from parcours.channels.model import Configuration, Message, ProviderKind, SendOutcome, Tools
from parcours.channels.push import apns, fcm
from parcours.channels.push.keys import (
    KeyUnusable,
    read_apns_key,
    read_service_account,
    read_vapid_key,
    unused_key,
)
from parcours.channels.push.webpush import WebPush
from parcours.kit.egress import UrlRefused, check_url
from parcours.kit.secrets import SecretUnreadable

DEFAULT_TTL_S = 259_200
"""How long a device that is off is waited for: three days."""
DEFAULT_TIMEOUT_S = 10
_MASK = "********"
_APPLE_TOKEN = re.compile(r"[0-9A-Fa-f]{64,200}")
_PLATFORMS: Mapping[str, str] = {
    "fcm": "fcm", "gcm": "fcm", "android": "fcm",
    "apns": "apns", "ios": "apns", "apnssandbox": "apnsSandbox",
    "web": "web", "webpush": "web", "browser": "web",
}  # fmt: skip


def platform_of(platform: str, token: str) -> str:
    """The service that a device is reached through, as a profile names it; by the token's look when it does not.

    A browser's subscription is JSON, Apple's tokens are hexadecimal; all others are Firebase's.
    """
    known = _PLATFORMS.get(re.sub(r"[^a-z]", "", platform.lower()))
    if known is not None:
        return known
    if token.startswith("{"):
        return "web"
    return "apns" if _APPLE_TOKEN.fullmatch(token) else "fcm"


class _Service(Protocol):
    async def send(self, message: Message, token: str) -> SendOutcome: ...

    async def close(self) -> None: ...


class Push:
    """A provider over the services that a configuration has keys for."""

    def __init__(self, configuration: Configuration, tools: Tools) -> None:
        self._settings = configuration.settings
        self._tools = tools
        self._ttl_s: int = self._settings.get("ttlSeconds", DEFAULT_TTL_S)
        self._limit_s = float(self._settings.get("timeoutSeconds", DEFAULT_TIMEOUT_S))
        self._services: dict[str, _Service] = {}

    async def send(self, message: Message) -> SendOutcome:
        """One attempt, of `timeoutSeconds` at most."""
        platform = platform_of(message.platform, message.address)
        try:
            service = self._service(platform)
        except (SecretUnreadable, KeyUnusable) as error:
            return failed("configuration", str(error), is_permanent=True)
        if service is None:
            reason = f"the configuration has no key for {platform}"
            return failed("platformNotConfigured", reason, is_permanent=True)
        try:
            # Apple's client has a limit of its own, because it learns from it whether a connection still lives.
            async with asyncio.timeout(None if platform.startswith("apns") else self._limit_s):
                return await service.send(message, message.address)
        except TimeoutError:
            return failed("timedout", f"no answer in {self._limit_s:g} s")

    async def close(self) -> None:
        """Let go of connections."""
        services, self._services = self._services, {}
        for service in services.values():
            await service.close()

    def _service(self, platform: str) -> _Service | None:
        """Opened when it is first needed. Raises SecretUnreadable or KeyUnusable."""
        known = self._services.get(platform)
        if known is None:
            made = self._open(platform)
            if made is None:
                return None
            known = self._services[platform] = made
        return known

    def _open(self, platform: str) -> _Service | None:
        settings, tools = self._settings, self._tools
        if platform == "fcm" and "fcmServiceAccount" in settings:
            account = read_service_account(tools.decrypt(settings["fcmServiceAccount"]))
            return fcm.Fcm(tools.http, account, base_url=settings.get("fcmUrl", fcm.BASE_URL), ttl_s=self._ttl_s)
        if platform in ("apns", "apnsSandbox") and "apnsKey" in settings:
            default = apns.SANDBOX_URL if platform == "apnsSandbox" else apns.BASE_URL
            endpoint = check_url(settings.get("apnsUrl", default), tools.allow_private)
            context = ssl.create_default_context(cadata=settings.get("caCertificate"))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["h2"])

            async def connect(host: str, port: int) -> socket:
                return await dial(host, port, tools.allow_private)

            return apns.Apns(
                endpoint, context, connect, read_apns_key(tools.decrypt(settings["apnsKey"])),
                key_id=settings["apnsKeyId"], team_id=settings["apnsTeamId"], topic=settings["apnsTopic"],
                ttl_s=self._ttl_s, limit_s=self._limit_s,
            )  # fmt: skip
        if platform == "web" and "vapidPrivateKey" in settings:
            key = read_vapid_key(tools.decrypt(settings["vapidPrivateKey"]))
            return WebPush(
                tools.http, key, settings["vapidSubject"], ttl_s=self._ttl_s, allow_private=tools.allow_private
            )
        return None


_GROUPS: tuple[tuple[str, ...], ...] = (
    ("fcmServiceAccount",),
    ("apnsKey", "apnsKeyId", "apnsTeamId", "apnsTopic"),
    ("vapidPrivateKey", "vapidSubject"),
)
_READERS: Mapping[str, Callable[[str], object]] = {
    "fcmServiceAccount": read_service_account, "apnsKey": read_apns_key, "vapidPrivateKey": read_vapid_key,
}  # fmt: skip
_WHERE = "$.provider.settings"


def _check(settings: Mapping[str, Any], allow_private: bool) -> None:
    if not any(group[0] in settings for group in _GROUPS):
        told = ", ".join(group[0] for group in _GROUPS)
        raise ConfigurationInvalid(f"the key of at least one service is needed: {told}", _WHERE)
    for group in _GROUPS:
        given = [name for name in group if name in settings]
        if given and len(given) < len(group):
            missing = next(name for name in group if name not in settings)
            raise ConfigurationInvalid(f"{', '.join(group)} come together", f"{_WHERE}.{missing}")
    for name, read in _READERS.items():
        value = settings.get(name, _MASK)
        if value == _MASK:
            continue
        try:
            found = read(value)
        except KeyUnusable as error:
            raise ConfigurationInvalid(str(error), f"{_WHERE}.{name}") from None
        token_url = getattr(found, "token_url", None)
        if token_url is not None:
            _check_url(token_url, allow_private, f"{_WHERE}.{name}")
    for name in ("fcmUrl", "apnsUrl"):
        if name in settings:
            _check_url(settings[name], allow_private, f"{_WHERE}.{name}")
    if settings.get("apnsUrl", "https://").partition(":")[0].lower() != "https":
        raise ConfigurationInvalid(
            "Apple's service is asked over TLS: the URL begins with https://", f"{_WHERE}.apnsUrl"
        )
    if "caCertificate" in settings:
        try:
            ssl.create_default_context(cadata=settings["caCertificate"])
        except (ssl.SSLError, ValueError):
            raise ConfigurationInvalid("caCertificate is certificates in PEM", f"{_WHERE}.caCertificate") from None


def _check_url(url: str, allow_private: bool, where: str) -> None:
    try:
        endpoint = check_url(url, allow_private)
    except UrlRefused as refused:
        raise ConfigurationInvalid(str(refused), where) from None
    if endpoint.scheme != "https" and not allow_private:
        raise ConfigurationInvalid("a key is not used without TLS: the URL begins with https://", where)


_URL = {"type": "string", "minLength": 1, "maxLength": 500}
_KEY = {"type": "string", "minLength": 1, "maxLength": 10_000}
_ID = {"type": "string", "pattern": "^[A-Za-z0-9]{1,40}$"}
KIND = ProviderKind(
    kind="push",
    channels=frozenset({"push"}),
    schema={
        "type": "object",
        "properties": {
            "fcmServiceAccount": _KEY,
            "fcmUrl": _URL,
            "apnsKey": _KEY,
            "apnsKeyId": _ID,
            "apnsTeamId": _ID,
            "apnsTopic": {"type": "string", "pattern": r"^[A-Za-z0-9.-]{1,255}$"},
            "apnsUrl": _URL,
            "caCertificate": {"type": "string", "maxLength": 100_000},
            "vapidPrivateKey": _KEY,
            "vapidSubject": {
                "type": "string",
                "pattern": "^(mailto:[^@\\s]+@[^@\\s]+|https://\\S+)$",
                "maxLength": 320,
            },
            "ttlSeconds": {"type": "integer", "minimum": 0, "maximum": fcm.MAX_TTL_S},
            "timeoutSeconds": {"type": "integer", "minimum": 1, "maximum": 300},
        },
        "additionalProperties": False,
    },
    open=Push,
    secrets=frozenset({"fcmServiceAccount", "apnsKey", "vapidPrivateKey"}),
    destination=lambda settings: (settings.get("fcmUrl", fcm.BASE_URL), settings.get("apnsUrl", apns.BASE_URL)),
    check=_check,
    stand_in=unused_key,
)
