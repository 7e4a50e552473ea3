"""The list of journeys as a designer shows it: searched, narrowed, ordered, page by page. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from parcours.journeys.counters import outcome_of
from parcours.journeys.journey_filter import STATUSES
from parcours.journeys.versions import ENTRY_TYPES
from parcours.kit.errors import Invalid

Archived = Literal["false", "true", "any"]
"""Whether archived journeys are left out, shown alone, or among the others."""
HOURS = 24
MAX_SEARCH = 200
_ENTRIES = frozenset({*ENTRY_TYPES.values(), "unspecified"})
_ORDERS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "status": ("status",),
    "createdAt": ("metadata", "createdAt"),
    "lastModifiedAt": ("metadata", "lastModifiedAt"),
}


class JourneyListInvalid(Invalid):
    """A parameter of the list that can't be read."""


class Wanted(NamedTuple):
    """Which journeys are wanted, and in which order."""

    search: str = ""
    statuses: frozenset[str] = frozenset()
    """Of the latest or of the live version; none: any."""
    entry_types: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    """All of them."""
    created_by: str = ""
    modified_since: str = ""
    """As `metadata.lastModifiedAt` is written."""
    published_by: str = ""
    """Who published the version that was published last."""
    published_since: str = ""
    """As `metadata.lastDeployedAt` is written."""
    uses: str = ""
    """Uid of an event, action, template, channel configuration or audience; a data source `Name` or `Name.Group`."""
    archived: Archived = "false"
    sort: str = ""
    """A field with `-` before it for the other direction; empty: the oldest first."""


def read_wanted(
    search: str, statuses: Iterable[str], entry_types: Iterable[str], tags: Iterable[str], created_by: str,
    modified_since: str, archived: Archived, sort: str, published_by: str = "", published_since: str = "",
    uses: str = "",
) -> Wanted:  # fmt: skip
    """The parameters of a request; lists may be comma-separated, too. Raises JourneyListInvalid."""
    found: set[str] = set()
    for status in _parts(statuses):
        known = STATUSES.get(status.lower())
        if known is None:
            raise JourneyListInvalid(f"no status {status!r}; there are: {', '.join(STATUSES)}", "$.status")
        found.update(known)
    types = frozenset(_parts(entry_types))
    if not types <= _ENTRIES:
        unknown = sorted(types - _ENTRIES)[0]
        raise JourneyListInvalid(f"no entryType {unknown!r}; there are: {', '.join(sorted(_ENTRIES))}", "$.entryType")
    if sort.removeprefix("-") not in ("", *_ORDERS):
        raise JourneyListInvalid(f"sort is one of {', '.join(_ORDERS)}, with - before it or not", "$.sort")
    if len(search) > MAX_SEARCH:
        raise JourneyListInvalid(f"search has at most {MAX_SEARCH} characters", "$.search")
    return Wanted(
        search.casefold().strip(),
        frozenset(found),
        types,
        frozenset(_parts(tags)),
        created_by,
        _instant(modified_since, "modifiedSince"),
        published_by,
        _instant(published_since, "publishedSince"),
        uses.strip(),
        archived,
        sort,
    )


def choose(journeys: Sequence[dict[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
    """Those that are wanted, in order. journeys: as `show_journey` shows them."""
    kept = [one for one in journeys if _is_wanted(one, wanted)]
    path = _ORDERS.get(wanted.sort.removeprefix("-"))
    if path is not None:
        kept.sort(key=lambda one: _value(one, path), reverse=wanted.sort.startswith("-"))
    return kept


def _is_wanted(journey: Mapping[str, Any], wanted: Wanted) -> bool:
    live = journey["live"] or {}
    text = "\n".join((str(journey["name"]), str(journey["description"]), *map(str, journey["tags"]))).casefold()
    return (
        (wanted.archived == "any" or journey["archived"] == (wanted.archived == "true"))
        and all(word in text for word in wanted.search.split())
        and (not wanted.statuses or bool(wanted.statuses & {journey["status"], live.get("status")}))
        and (not wanted.entry_types or journey["entryType"] in wanted.entry_types)
        and wanted.tags <= set(journey["tags"])
        and wanted.created_by in ("", journey["metadata"]["createdBy"])
        and journey["metadata"]["lastModifiedAt"] >= wanted.modified_since
        and wanted.published_by in ("", journey["metadata"].get("lastDeployedBy"))
        and journey["metadata"].get("lastDeployedAt", "") >= wanted.published_since
    )


def uids_of(journey: Mapping[str, Any]) -> list[str]:
    """Of its versions."""
    return [version["uid"] for version in journey["versions"]]


def traffic_of(rows: Iterable[tuple[str, int, str, str, int]], first_hour: int) -> dict[str, Any]:
    """The counts of a journey, hour by hour from `first_hour` on, for 25 hours, and summed.

    rows: (version, hour, what, detail, number).
    """
    series = {name: [0] * (HOURS + 1) for name in ("entered", "completed", "failed", "discarded")}
    for _, hour, what, detail, number in rows:
        place = hour - first_hour
        if not 0 <= place <= HOURS:
            continue
        name = {"entered": "entered", "discard": "discarded"}.get(what)
        if what == "ended":
            outcome = outcome_of(detail)
            name = outcome if outcome in ("completed", "failed") else None
        if name is not None:
            series[name][place] += number
    return {"hours": series, **{name: sum(numbers) for name, numbers in series.items()}}


def _value(journey: Mapping[str, Any], path: Sequence[str]) -> str:
    value: Any = journey
    for name in path:
        value = value[name]
    return str(value).casefold()


def _parts(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _instant(text: str, name: str) -> str:
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{name} is a date or date-time such as 2026-01-31T12:00:00Z: {text[:80]!r}"
        raise JourneyListInvalid(message, f"$.{name}") from None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
