"""Channel configurations as files. Pure."""

from collections.abc import Mapping
from typing import Any

from parcours.ascode.model import KEY, Document
from parcours.channels.document import MASK, goes_elsewhere, secret_places
from parcours.channels.kinds import KINDS
from parcours.channels.model import INBOX
from parcours.kit.paths import get_in

CONFIGURATIONS = "channel-configurations"
_SHOWN = frozenset({"uid", "orgId", "sandboxName", "metadata", "version"})
_PROVIDER: Document = {"kind": INBOX}
_DEFAULTS: Document = {"unsubscribe": True, "retrySeconds": 30, "softBounces": 5, "isDefault": False}
_ORDER = (
    KEY, "name", "description", "channel", "isDefault", "provider", "sender", "tracking", "unsubscribe",
    "retrySeconds", "softBounces", "feedbackSecret",
)  # fmt: skip


def configuration_to_file(shown: Mapping[str, Any]) -> Document:
    """The form of files of what the API shows, secrets still masked."""
    found: Document = {}
    for name, value in shown.items():
        if name in _SHOWN or value is None or value in ("", {}) or value == _DEFAULTS.get(name, ...):
            continue
        found[name] = value
    provider = found.get("provider")
    if isinstance(provider, dict):
        provider = {name: value for name, value in provider.items() if not (name == "settings" and value == {})}
        found["provider"] = provider
        if provider == _PROVIDER:
            del found["provider"]
    tracking = found.get("tracking")
    if isinstance(tracking, dict):
        is_email = found.get("channel") == "email"
        kept = {name: value for name, value in tracking.items() if value is not is_email}
        found["tracking"] = kept
        if not kept:
            del found["tracking"]
    return {name: found[name] for name in _ORDER if name in found}


def keeps_secrets(before: Document, after: Document) -> bool:
    """Whether a server that has `before` keeps the secrets of `after`, both masked: they go where they went."""
    provider, wanted = (_provider(one) for one in (before, after))
    if goes_elsewhere(provider, wanted):
        return False
    return all(get_in(before, place) is not None for place in secret_places(after) if get_in(after, place) is not None)


def stand_in(document: Document, place: tuple[str, ...]) -> str:
    """A secret made up that the provider's own check takes, for one that isn't known."""
    kind = KINDS.get(str(_provider(document)["kind"]))
    return "stand-in" if kind is None or place[0] != "provider" else kind.stand_in(place[-1])


def _provider(document: Document) -> Mapping[str, Any]:
    found = document.get("provider")
    return {"settings": {}, **found} if isinstance(found, dict) and isinstance(found.get("kind"), str) else _PROVIDER


__all__ = ["CONFIGURATIONS", "MASK", "configuration_to_file", "keeps_secrets", "secret_places", "stand_in"]
