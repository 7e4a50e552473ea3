"""Lists as Flow Service gives them: filters, order, count, continuation (platform-apis §2.3)."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from parcours.flows.documents import DISABLED, DRAFT, ENABLED
from parcours.flows.errors import FlowRefused
from parcours.resources.filtering import FilterInvalid, matches, sort_by

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_ORDER = re.compile(r"[+\-]?[A-Za-z0-9_.\[\]]+")
_COMPARISON = re.compile(r"\s*([A-Za-z0-9_.:$\[\]]+)\s*(==?|!=)(.*)", re.DOTALL)
_PROPERTIES = re.compile(r"\s*\w+(\s*,\s*\w+)+\s*")
"""A list of names compares nothing: it says what to show. One name alone is a filter: items that have it."""
_STATES = {
    state.lower(): state for state in (DRAFT, ENABLED, DISABLED, "success", "failed", "partialSuccess", "inProgress")
}
_FIELDS = frozenset(
    {
        "id", "name", "description", "state", "version", "etag", "createdAt", "updatedAt", "createdBy", "updatedBy",
        "createdClient", "updatedClient", "sandboxId", "sandboxName", "imsOrgId", "providerId", "connectionSpec",
        "flowSpec", "baseConnectionId", "inheritedAttributes", "auth", "params", "data", "options", "scheduleParams",
        "lastOperation", "lastRunDetails", "flowId", "metrics", "attributes",
    }
)  # fmt: skip
"""What a list can be ordered by, with or without a path behind it."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A parsed list request."""

    limit: int = DEFAULT_LIMIT
    order_by: str = ""
    filters: tuple[str, ...] = ()
    """`property=` expressions, all of which must hold."""
    is_count: bool = False
    """Only the number of items is wanted."""
    start: int = 0
    """Where the page begins, as its continuation token said."""
    fields: tuple[str, ...] = ()
    """Top-level properties to show of each item; all when there are none."""
    after_id: str = ""
    """The last item of the page before; where the list has moved, the page begins after it."""


def parse_request(pairs: Iterable[tuple[str, str]]) -> ListRequest:
    """Query parameters as a ListRequest; what a continuation token holds is used where the query is silent.

    Raises FlowRefused 1401, 1432, 1433 or 1100.
    """
    known: dict[str, str] = {}
    filters: list[str] = []
    fields: list[str] = []
    for key, value in pairs:
        if key.lower() != "property":
            known[key.lower()] = value
        elif _PROPERTIES.fullmatch(value):
            fields += (name.strip() for name in value.split(","))
        else:
            filters.append(value)
    token = _decode(known["continuationtoken"]) if known.get("continuationtoken") else {}
    is_count = known.get("count", "").lower() == "true"
    if is_count and "limit" in known:
        raise FlowRefused("1401-400", "limit and count can't be used together")
    limit = _limit(known["limit"]) if "limit" in known else token.get("l", DEFAULT_LIMIT)
    order_by = known.get("orderby", token.get("o", ""))
    _check_order(order_by)
    return ListRequest(
        limit,
        order_by,
        tuple(filters or token.get("p", ())),
        is_count,
        token.get("s", 0),
        tuple(fields or token.get("f", ())),
        token.get("a", ""),
    )


def page_of(items: Sequence[dict[str, Any]], request: ListRequest, path: str) -> dict[str, Any]:
    """The page of items that match, or their number. path: of the collection, for the link to the next page."""
    found = filtered(items, request.filters)
    if request.is_count:
        return {"count": len(found)}
    if request.order_by:
        found = sort_by(found, request.order_by)
    start = request.start
    if request.after_id:
        place = next((n for n, item in enumerate(found) if item["id"] == request.after_id), None)
        start = start if place is None else place + 1
    page = found[start : start + request.limit]
    has_more = start + len(page) < len(found)
    link = next_link(request, path, start + len(page), page[-1]["id"]) if has_more and page else None
    return envelope(page, link, request.fields)


def envelope(items: Sequence[Mapping[str, Any]], next_href: str | None, fields: Sequence[str] = ()) -> dict[str, Any]:
    """A page with the fields that were asked for. `_links` is there on the last one, too: clients read through it."""
    if fields:
        items = [{name: item[name] for name in fields if name in item} for item in items]
    return {"items": items, "_links": {"next": {"href": next_href}} if next_href else {}}


def next_link(request: ListRequest, path: str, start: int, after_id: str = "") -> str:
    """Relative to the service's base path. The token comes first and alone: clients cut it out after the first "="."""
    token = {"l": request.limit, "o": request.order_by, "p": list(request.filters), "s": start, "a": after_id}
    if request.fields:
        token["f"] = list(request.fields)
    text = base64.urlsafe_b64encode(orjson.dumps(token)).rstrip(b"=").decode()
    return f"{path}?continuationToken={text}"


def filtered(items: Iterable[dict[str, Any]], filters: Sequence[str]) -> list[dict[str, Any]]:
    """The items that meet every filter. Raises FlowRefused 1440, 1443, 1450 or 1453."""
    filters = [_spelled(text) for text in filters]
    try:
        matches({}, filters)
        return [item for item in items if matches(item, filters)] if filters else list(items)
    except FilterInvalid as error:
        given = "&".join(filters)
        code = "1440" if "~" in given else "1450" if "!" in given else "1443" if "," in given else "1453"
        raise FlowRefused(f"{code}-400", str(error)) from None


def _spelled(text: str) -> str:
    """A filter with states as they are spelled here: published examples write `Failed` and `IN_PROGRESS`, too."""
    found = _COMPARISON.fullmatch(text)
    if found is None:
        return text
    path, symbol, values = found.groups()
    if not values.strip():
        raise FlowRefused("1453-400", f"a filter compares with something: {text[:80]!r}")
    if path.rpartition(".")[2] not in ("state", "status"):
        return text
    spelled = (_STATES.get(value.strip().lower().replace("_", ""), value) for value in values.split(","))
    return f"{path}{symbol}{','.join(spelled)}"


def _check_order(order_by: str) -> None:
    for part in filter(None, (part.strip() for part in order_by.split(","))):
        name = re.split(r"[.\[]", part.lstrip("+- "))[0]
        if ":" in part or " " in part:
            raise FlowRefused("1432-400", f"+ or - before the field is its order, not {part[:80]!r}")
        if not _ORDER.fullmatch(part) or name not in _FIELDS:
            raise FlowRefused("1433-400", f"can't order by {part[:80]!r}")


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MAX_LIMIT:
        raise FlowRefused("1100-400", f"limit is a whole number from 1 to {MAX_LIMIT}, not {text[:40]!r}")
    return int(text)


def _decode(text: str) -> dict[str, Any]:
    refused = FlowRefused("1100-400", "the continuationToken is none of this service's")
    try:
        token = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise refused from None
    kinds: Mapping[str, type] = {"l": int, "o": str, "p": list, "s": int, "a": str}
    if not isinstance(token, dict) or any(type(token.get(key)) is not kind for key, kind in kinds.items()):
        raise refused
    texts = token.get("f", [])
    if not (1 <= token["l"] <= MAX_LIMIT and 0 <= token["s"] < 2**31 and isinstance(texts, list)):
        raise refused
    if not all(isinstance(text, str) for text in [*token["p"], *texts]):
        raise refused
    return token
