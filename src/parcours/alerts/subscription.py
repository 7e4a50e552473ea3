"""A subscription's document: read from a request, shown, and made ready for the evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parcours.alerts.errors import SubscriptionInvalid
from parcours.alerts.rules import KINDS, RULES, Limits
from parcours.kit.clock import to_datetime
from parcours.kit.egress import Endpoint, UrlRefused, check_url
from parcours.kit.secrets import SecretBox
from parcours.resources.store import Resource

SUBSCRIPTION_KIND = "alertSubscription"
MASK = "********"
MAX_URL_CHARACTERS = 2_000
MAX_SECRET_CHARACTERS = 500
_MEMBERS = frozenset({"name", "journeyUid", "alerts", "thresholds", "webhook"})
_SHOWN = frozenset({"uid", "metadata"})
"""What is shown and may come back with a PUT, where it means nothing."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of what."""

    uid: str
    scope_id: int
    created_at_ms: int
    journey_uid: str | None
    """None: of every journey of the sandbox."""
    limits: Mapping[str, Limits]
    """By kind, of those wanted."""
    has_webhook: bool


def read_subscription(body: Mapping[str, Any], allow_private: bool) -> dict[str, Any]:
    """A request's body as it is stored, its secret in clear. Raises SubscriptionInvalid or UrlRefused."""
    for key in body:
        if key not in _MEMBERS | _SHOWN:
            raise SubscriptionInvalid(f"a subscription has {', '.join(sorted(_MEMBERS))}, not {key!r}", f"$.{key}")
    name = body.get("name", "")
    if not isinstance(name, str) or len(name) > 255:
        raise SubscriptionInvalid("a name is a text of at most 255 characters", "$.name")
    journey_uid = body.get("journeyUid")
    if journey_uid is not None and not isinstance(journey_uid, str):
        raise SubscriptionInvalid("journeyUid is the uid of a journey, or null for all", "$.journeyUid")
    kinds = body.get("alerts", list(KINDS))
    if not isinstance(kinds, list) or not kinds or any(kind not in KINDS for kind in kinds):
        raise SubscriptionInvalid(f"alerts is a list of some of {', '.join(KINDS)}", "$.alerts")
    return {
        "name": name,
        "journeyUid": journey_uid,
        "alerts": [kind for kind in KINDS if kind in kinds],
        "thresholds": _read_thresholds(body.get("thresholds", {})),
        "webhook": _read_webhook(body.get("webhook"), allow_private),
    }


def _read_thresholds(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise SubscriptionInvalid("thresholds maps kinds of alerts to {percent, minimum}", "$.thresholds")
    found: dict[str, Any] = {}
    for kind, wanted in given.items():
        path = f"$.thresholds.{kind}"
        if kind not in RULES:
            raise SubscriptionInvalid(f"only {', '.join(RULES)} have a threshold, not {kind!r}", path)
        if not isinstance(wanted, Mapping) or not wanted.keys() <= {"percent", "minimum"}:
            raise SubscriptionInvalid("a threshold is {percent, minimum}", path)
        percent, minimum = wanted.get("percent"), wanted.get("minimum", 1)
        if percent is not None and (not _is_number(percent) or not 0 <= percent <= 100):
            raise SubscriptionInvalid("percent is a number from 0 to 100", f"{path}.percent")
        if type(minimum) is not int or not 1 <= minimum <= 1_000_000:
            raise SubscriptionInvalid("minimum is a whole number from 1 to 1000000", f"{path}.minimum")
        found[kind] = {**({} if percent is None else {"percent": percent}), "minimum": minimum}
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read_webhook(given: Any, allow_private: bool) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given.keys() <= {"url", "secret"}:
        raise SubscriptionInvalid("a webhook is {url, secret}", "$.webhook")
    url, secret = given.get("url"), given.get("secret")
    if not isinstance(url, str) or len(url) > MAX_URL_CHARACTERS or not url.isascii():
        raise SubscriptionInvalid("a webhook has a url, percent-encoded where it must be", "$.webhook.url")
    try:
        check_url(url, allow_private)
    except UrlRefused as refused:
        raise UrlRefused(refused.reason, str(refused), "$.webhook.url") from None
    if secret is not None and (not isinstance(secret, str) or not 1 <= len(secret) <= MAX_SECRET_CHARACTERS):
        raise SubscriptionInvalid("a secret is a text of 1 to 500 characters, or null", "$.webhook.secret")
    return {"url": url, "secret": secret}


def seal(document: dict[str, Any], secrets: SecretBox, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document with its secret encrypted; a masked one stays that of `before` when the host is the same."""
    webhook = document["webhook"]
    if webhook is None or webhook["secret"] is None:
        return document
    if webhook["secret"] != MASK:
        return {**document, "webhook": {**webhook, "secret": secrets.encrypt(webhook["secret"])}}
    old = None if before is None else before["webhook"]
    if old is None or old["secret"] is None or _origin(old["url"]) != _origin(webhook["url"]):
        raise SubscriptionInvalid("the secret must be given again for another host", "$.webhook.secret")
    return {**document, "webhook": {**webhook, "secret": old["secret"]}}


def _origin(url: str) -> Endpoint:
    return check_url(url, allow_private=True)


def show(stored: Resource) -> dict[str, Any]:
    """A subscription as a reader sees it: its secret masked."""
    webhook = stored.body["webhook"]
    if webhook is not None and webhook["secret"] is not None:
        webhook = {**webhook, "secret": MASK}
    return {
        "uid": stored.id,
        **stored.body,
        "webhook": webhook,
        "metadata": {
            "createdBy": stored.created_by,
            "createdById": stored.created_by,
            "createdAt": text_of(stored.created_at_ms),
            "lastModifiedBy": stored.updated_by,
            "lastModifiedById": stored.updated_by,
            "lastModifiedAt": text_of(stored.updated_at_ms),
        },
    }


def compile_subscription(stored: Resource) -> Subscription:
    """A stored one, ready for the evaluation."""
    wanted = stored.body["thresholds"]
    limits: dict[str, Limits] = {}
    for kind in stored.body["alerts"]:
        own = wanted.get(kind, {})
        default = RULES[kind].threshold if kind in RULES else 0.0
        limits[kind] = Limits(own["percent"] / 100 if "percent" in own else default, own.get("minimum", 1))
    return Subscription(
        stored.id, stored.scope_id, stored.created_at_ms, stored.body["journeyUid"], limits,
        stored.body["webhook"] is not None,
    )  # fmt: skip


def text_of(at_ms: int) -> str:
    """Milliseconds since 1970 as `2026-01-31T12:00:00.000Z`."""
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
