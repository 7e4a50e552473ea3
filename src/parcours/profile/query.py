"""Reading the questions that profile access is asked, from a query string or a body (platform-apis §7.4)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson

from parcours.identity.graph import MAX_MEMBERS
from parcours.profile.errors import ProfileNotFound, ProfileQueryInvalid, TooManyIdentities
from parcours.profile.projection import read_fields
from parcours.profile.service import Asked, EventQuery
from parcours.profile.store import MAX_EVENTS, MAX_MS, MIN_MS, EventPlace

EntityKind = Literal["profile", "experienceevent"]

_SCHEMA_NAMES: Mapping[str, EntityKind] = {
    "_xdm.context.profile": "profile",
    "_xdm.context.experienceevent": "experienceevent",
}
_SCHEMA_NAMES_UNUSED = frozenset({"_xdm.context.account", "_xdm.context.opportunity"})
_ORDERS = {"": False, "timestamp": False, "+timestamp": False, "-timestamp": True}


def read_kind(name: Any) -> EntityKind:
    """What kind of entity a schema name means; its leading underscore may be missing.

    Raises ProfileQueryInvalid, or ProfileNotFound for a schema of which there are no entities.
    """
    text = f"_{name.removeprefix('_')}" if isinstance(name, str) else ""
    if text in _SCHEMA_NAMES_UNUSED:
        raise ProfileNotFound(f"there are no entities of {text}")
    if text not in _SCHEMA_NAMES:
        raise ProfileQueryInvalid(f"schema.name is one of {', '.join(_SCHEMA_NAMES)}", "$.schema.name")
    return _SCHEMA_NAMES[text]


def read_person(query: Mapping[str, str]) -> Asked:
    """The person `entityId` and `entityIdNS` name. Raises ProfileQueryInvalid."""
    if not query.get("entityId"):
        raise ProfileQueryInvalid("entityId is required", "$.entityId")
    return Asked(query["entityId"], query.get("entityIdNS") or None)


def read_person_of_events(query: Mapping[str, str]) -> tuple[Asked, str | None]:
    """The person events are asked of, and the id of the one event wanted, or None for all.

    `relatedEntityId` names the person. Clients also send the person as `entityId`, alone or besides; only another
    id, without a namespace, is that of an event. Raises ProfileQueryInvalid.
    """
    if query.get("relatedSchema.name"):
        check_related(query["relatedSchema.name"])
    related = query.get("relatedEntityId")
    if not related:
        return read_person(query), None
    person = Asked(related, query.get("relatedEntityIdNS") or None)
    entity_id = query.get("entityId")
    is_event = bool(entity_id) and entity_id != related and not query.get("entityIdNS")
    return person, entity_id if is_event else None


def check_related(name: Any) -> None:
    """Events are related to a profile. Raises ProfileQueryInvalid."""
    if not isinstance(name, str) or name.removeprefix("_") != "xdm.context.profile":
        raise ProfileQueryInvalid("relatedSchema.name is _xdm.context.profile", "$.relatedSchema.name")


def read_event_query(query: Mapping[str, str], filters: Sequence[str], event_id: str | None) -> EventQuery:
    """Which events a query string wants. Raises ProfileQueryInvalid."""
    limit = query.get("limit")
    return EventQuery(
        from_ms=_time(query.get("startTime"), MIN_MS, "$.startTime"),
        to_ms=_time(query.get("endTime"), MAX_MS, "$.endTime"),
        limit=_limit(limit),
        newest_first=_order(query.get("orderby") or query.get("orderBy") or ""),
        start=read_place(query.get("offsets") or query.get("start") or ""),
        event_id=event_id,
        filters=tuple(_unquoted(text) for text in filters),
        fields=read_fields([query.get("fields", "")]),
    )


def read_people(body: Mapping[str, Any]) -> list[Asked]:
    """The people in `identities` of a body. Raises ProfileQueryInvalid or TooManyIdentities."""
    identities = body.get("identities")
    if not isinstance(identities, list) or not identities:
        raise ProfileQueryInvalid("identities is required: a list of {entityId, entityIdNS}", "$.identities")
    if len(identities) > MAX_MEMBERS:
        raise TooManyIdentities(f"{len(identities)} identities; {MAX_MEMBERS} at most", "$.identities")
    return [_person(one, f"$.identities[{index}]") for index, one in enumerate(identities)]


def _person(one: Any, where: str) -> Asked:
    if not isinstance(one, dict):
        raise ProfileQueryInvalid("an identity is an object with entityId", where)
    prefix = "relatedEntityId" if one.get("relatedEntityId") else "entityId"
    entity_id, namespace = one.get(prefix), one.get(f"{prefix}NS")
    if isinstance(namespace, dict):
        namespace = namespace.get("code")
    if not isinstance(entity_id, str) or not entity_id:
        raise ProfileQueryInvalid(f"{prefix} is required: a text", f"{where}.{prefix}")
    if namespace is not None and not isinstance(namespace, str):
        raise ProfileQueryInvalid(f"{prefix}NS is {{code}}", f"{where}.{prefix}NS")
    return Asked(entity_id, namespace or None)


def read_event_query_of_body(body: Mapping[str, Any]) -> EventQuery:
    """Which events a body wants. Raises ProfileQueryInvalid."""
    times = body.get("timeFilter") or {}
    if not isinstance(times, dict):
        raise ProfileQueryInvalid("timeFilter is an object with startTime and endTime", "$.timeFilter")
    return EventQuery(
        from_ms=_time(times.get("startTime"), MIN_MS, "$.timeFilter.startTime"),
        to_ms=_time(times.get("endTime"), MAX_MS, "$.timeFilter.endTime"),
        limit=_limit(body.get("limit")),
        newest_first=_order(body.get("orderBy") or body.get("orderby") or ""),
        start=read_place(body.get("start") or ""),
        fields=read_body_fields(body),
    )


def read_body_fields(body: Mapping[str, Any]) -> list[str]:
    """`fields` of a body: a list of paths, or one text with commas. Raises ProfileQueryInvalid."""
    fields = body.get("fields") or []
    texts = [fields] if isinstance(fields, str) else fields
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ProfileQueryInvalid("fields is a list of paths", "$.fields")
    return read_fields(texts)


def read_policy_id(value: Any) -> str:
    """`mergePolicyId`; "" when there is none. Raises ProfileQueryInvalid."""
    if value is not None and not isinstance(value, str):
        raise ProfileQueryInvalid("mergePolicyId is a text", "$.mergePolicyId")
    return value or ""


def write_place(place: EventPlace | None) -> str:
    """A place in a time line as `next` shows it; "" for the end."""
    return "" if place is None else urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def read_place(text: Any) -> EventPlace | None:
    """The place a `next` names; None for "". Raises ProfileQueryInvalid."""
    if text == "":
        return None
    try:
        at_ms, key, namespace, identity = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        texts = (key, namespace, identity)
        if (
            type(at_ms) is int
            and MIN_MS <= at_ms <= MAX_MS
            and all(isinstance(t, str) and "\0" not in t for t in texts)
        ):
            return at_ms, key, namespace, identity
    except (TypeError, ValueError, Base64Error):
        pass
    raise ProfileQueryInvalid("start is the next of the page before", "$.start")


def _time(value: Any, default: int, where: str) -> int:
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdecimal() and len(value) < 19:
        value = int(value)
    if type(value) is not int or not MIN_MS <= value <= MAX_MS:
        raise ProfileQueryInvalid(f"{where[2:]} is a time in milliseconds since 1970", where)
    return value


def _limit(value: Any) -> int:
    """Above the most there can be, the most there can be."""
    if value is None or value == "":
        return MAX_EVENTS
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    if type(value) is not int or value < 1:
        raise ProfileQueryInvalid("limit is a whole number from 1", "$.limit")
    return min(value, MAX_EVENTS)


def _order(value: Any) -> bool:
    text = value.strip() if isinstance(value, str) else None  # a bare + arrives as a blank
    if text not in _ORDERS:
        raise ProfileQueryInvalid("orderby is +timestamp or -timestamp", "$.orderby")
    return _ORDERS[text]


def _unquoted(text: str) -> str:
    """A filter whose value stands in quotation marks, without them."""
    head, quote, tail = text.partition('"')
    return head + tail[:-1] if quote and head.endswith(("=", "<", ">")) and tail.endswith('"') else text
