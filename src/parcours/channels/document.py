"""A channel configuration's document: read from a request, its secrets sealed, shown, made ready for sending."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from parcours.channels.addresses import AddressRefused, normalize
from parcours.channels.errors import ConfigurationInvalid
from parcours.channels.kinds import KINDS
from parcours.channels.model import INBOX, Configuration, ProviderKind
from parcours.kit.secrets import SecretBox
from parcours.resources.store import Resource
from parcours.templates.document import CHANNELS

CONFIGURATION_KIND = "channelConfiguration"
MASK = "********"
MAX_RETRY_S = 3_600
_MEMBERS = frozenset(
    {
        "name", "description", "channel", "provider", "sender", "tracking", "unsubscribe", "retrySeconds",
        "softBounces", "feedbackSecret", "isDefault",
    }
)  # fmt: skip
_SHOWN = frozenset({"uid", "orgId", "sandboxName", "metadata", "version"})
_SENDER: Mapping[str, tuple[str, ...]] = {"email": ("address", "name", "replyTo"), "sms": ("from",), "push": ()}


def read_document(body: Mapping[str, Any], allow_private: bool) -> dict[str, Any]:
    """A request's body as it is stored, its secrets in clear. Raises ConfigurationInvalid."""
    for key in body:
        if key not in _MEMBERS | _SHOWN:
            raise ConfigurationInvalid(f"a configuration has {', '.join(sorted(_MEMBERS))}, not {key!r}", f"$.{key}")
    channel = body.get("channel")
    if channel not in CHANNELS:
        raise ConfigurationInvalid(f"channel is one of {', '.join(CHANNELS)}", "$.channel")
    provider = _provider(body.get("provider", {"kind": INBOX}), channel, allow_private)
    sender = _sender(body.get("sender", {}), channel)
    first = next(iter(_SENDER[channel]), None)
    if KINDS[provider["kind"]].needs_sender and first is not None and first not in sender:
        raise ConfigurationInvalid("this provider needs to know who messages are from", f"$.sender.{first}")
    return {
        "name": _text(body, "name", "$", 60, is_needed=True),
        "description": _text(body, "description", "$", 1_000),
        "channel": channel,
        "provider": provider,
        "sender": sender,
        "tracking": _tracking(body.get("tracking", {}), channel),
        "unsubscribe": _flag(body, "unsubscribe", "$", default=True),
        "retrySeconds": _number(body, "retrySeconds", 30, 1, MAX_RETRY_S),
        "softBounces": _number(body, "softBounces", 5, 1, 100),
        "feedbackSecret": None
        if body.get("feedbackSecret") is None
        else _text(body, "feedbackSecret", "$", 200) or None,
        "isDefault": _flag(body, "isDefault", "$", default=False),
    }


def _provider(given: Any, channel: str, allow_private: bool) -> dict[str, Any]:
    if not isinstance(given, Mapping) or not given.keys() <= {"kind", "settings"}:
        raise ConfigurationInvalid("provider is {kind, settings}", "$.provider")
    kind = KINDS.get(given["kind"]) if isinstance(given.get("kind"), str) else None
    known = sorted(name for name, one in KINDS.items() if channel in one.channels)
    if kind is None or channel not in kind.channels:
        raise ConfigurationInvalid(f"providers of {channel} are {', '.join(known)}", "$.provider.kind")
    settings = given.get("settings", {})
    for error in jsonschema_rs.validator_for(dict(kind.schema)).iter_errors(settings):
        at = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        raise ConfigurationInvalid(_without_value(error, settings, kind), f"$.provider.settings{at}")
    kind.check(settings, allow_private)
    return {"kind": kind.kind, "settings": dict(settings)}


def _without_value(error: Any, settings: Any, kind: ProviderKind) -> str:
    """What is wrong, without repeating a secret."""
    is_secret = bool(error.instance_path) and error.instance_path[0] in kind.secrets
    return "this can't be accepted" if is_secret else str(error.message)[:300]


def _sender(given: Any, channel: str) -> dict[str, str]:
    names = _SENDER[channel]
    if not isinstance(given, Mapping) or not given.keys() <= set(names):
        raise ConfigurationInvalid(f"sender is {{{', '.join(names)}}}", "$.sender")
    found = {name: _line(given, name, "$.sender", 320) for name in names if given.get(name) is not None}
    for name in ("address", "replyTo"):
        if name in found:
            try:
                found[name] = normalize("email", found[name])
            except AddressRefused as error:
                raise ConfigurationInvalid(str(error), f"$.sender.{name}") from None
    return found


def _tracking(given: Any, channel: str) -> dict[str, bool]:
    if not isinstance(given, Mapping) or not given.keys() <= {"opens", "links"}:
        raise ConfigurationInvalid("tracking is {opens, links}", "$.tracking")
    is_email = channel == "email"
    return {name: _flag(given, name, "$.tracking", default=is_email) for name in ("opens", "links")}


def _text(holder: Mapping[str, Any], name: str, path: str, limit: int, *, is_needed: bool = False) -> str:
    value = holder.get(name, None if is_needed else "")
    if not isinstance(value, str) or (is_needed and not value.strip()) or len(value) > limit:
        raise ConfigurationInvalid(f"{name} is a text of at most {limit} characters", f"{path}.{name}")
    return value


def _line(holder: Mapping[str, Any], name: str, path: str, limit: int) -> str:
    value = _text(holder, name, path, limit)
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in value):
        raise ConfigurationInvalid(f"{name} holds a control character", f"{path}.{name}")
    return value


def _flag(holder: Mapping[str, Any], name: str, path: str, *, default: bool) -> bool:
    value = holder.get(name, default)
    if not isinstance(value, bool):
        raise ConfigurationInvalid(f"{name} is true or false", f"{path}.{name}")
    return value


def _number(holder: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = holder.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise ConfigurationInvalid(f"{name} is a whole number from {least} to {most}", f"$.{name}")
    return value


# --- secrets ---


def secret_places(body: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The members that are secret in a configuration of this one's provider, whether they are there or not."""
    provider = body.get("provider")
    kind = KINDS.get(str(provider.get("kind"))) if isinstance(provider, Mapping) else None
    names = () if kind is None else sorted(kind.secrets)
    return (*(("provider", "settings", name) for name in names), ("feedbackSecret",))


def goes_elsewhere(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the secrets of a provider are told to another host than those it had. Both are {kind, settings}."""
    kind = KINDS.get(after["kind"])
    if kind is None or before["kind"] != kind.kind:
        return True
    return bool(kind.destination(before.get("settings", {})) != kind.destination(after.get("settings", {})))


def seal(document: dict[str, Any], secrets: SecretBox, previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """Encrypt the secrets; a masked one keeps what `previous` has, as long as it is told to the same host.

    Raises ConfigurationInvalid for a mask that stands for nothing.
    """
    provider = document["provider"]
    kind = KINDS[provider["kind"]]
    kept: Mapping[str, Any] = {}
    if previous is not None and not goes_elsewhere(previous["provider"], provider):
        kept = previous["provider"]["settings"]
    settings = dict(provider["settings"])
    for name in kind.secrets & settings.keys():
        if settings[name] == MASK:
            if name not in kept:
                raise ConfigurationInvalid(
                    "give the secret again: it is told to another host", f"$.provider.settings.{name}"
                )
            settings[name] = kept[name]
        else:
            settings[name] = secrets.encrypt(settings[name])
    feedback = document["feedbackSecret"]
    if feedback == MASK:
        feedback = None if previous is None else previous["feedbackSecret"]
    elif feedback is not None:
        feedback = secrets.encrypt(feedback)
    return {**document, "provider": {"kind": kind.kind, "settings": settings}, "feedbackSecret": feedback}


def show(stored: Resource) -> dict[str, Any]:
    """What a reader sees, secrets masked."""
    provider = stored.body["provider"]
    hidden = KINDS[provider["kind"]].secrets if provider["kind"] in KINDS else frozenset(provider["settings"])
    settings = {name: MASK if name in hidden else value for name, value in provider["settings"].items()}
    shown = {"uid": stored.id, **stored.body, "provider": {"kind": provider["kind"], "settings": settings}}
    shown["feedbackSecret"] = None if stored.body["feedbackSecret"] is None else MASK
    return shown


def configuration_of(stored: Resource) -> Configuration:
    """Ready for sending."""
    body = stored.body
    return Configuration(
        scope_id=stored.scope_id,
        uid=stored.id,
        version=stored.version,
        name=body["name"],
        channel=body["channel"],
        kind=body["provider"]["kind"],
        settings=body["provider"]["settings"],
        sender=body["sender"],
        tracks_opens=body["tracking"]["opens"],
        tracks_links=body["tracking"]["links"],
        offers_unsubscribe=body["unsubscribe"],
        retry_s=float(body["retrySeconds"]),
        soft_bounces=body["softBounces"],
    )


def inbox_configuration(scope_id: int, channel: str) -> Configuration:
    """What a channel uses for which nothing is set up."""
    return Configuration(scope_id, INBOX, 0, "Inbox", channel, INBOX, {}, {}, tracks_opens=True, tracks_links=True)
