"""Which running journeys may meet the same people as a version: by dates, what lets enter, channels or rule sets.

Source: journeys §11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.actions.table import ActionTable
from parcours.db import Database
from parcours.journeys.definitions import uids_in
from parcours.journeys.errors import JourneyNotFound
from parcours.journeys.versions import ENTRY_TYPES, VERSION_KIND
from parcours.kit.clock import to_us
from parcours.resources.store import Compiled, Resource, ResourceStore
from parcours.rulesets.model import DOMAINS, channel_of
from parcours.rulesets.table import RuleSetTable

_SHOWN = frozenset({"Deployed", "Paused"})
"""Statuses of journeys that let people enter, now or from their start date on."""
_OVER = frozenset({"Stopped", "Finished"})
_OF_AUDIENCES = frozenset({"readAudience", "audienceQualification", "businessEvent"})
"""First activities of journeys whose people come out of audiences."""
_Users = dict[tuple[int, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Meeting:
    """What two journeys may have in common, read from a version's document, however unfinished it is."""

    first: str
    """Type of the first activity."""
    event_uid: str | None
    audience_ids: frozenset[str]
    channels: frozenset[str]
    rule_sets: frozenset[str]
    start_us: int | None
    end_us: int | None


class ConflictViewer:
    """Looks for journeys that may get in each other's way, and for those that a rule set is named by."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        actions: Compiled[ActionTable],
        rule_sets: Compiled[RuleSetTable],
    ) -> None:
        self._db = db
        self._resources = resources
        self._actions = actions
        self._rule_sets = rule_sets
        self._users: Compiled[_Users] = Compiled(resources, [VERSION_KIND], self._find_users)

    def journeys_naming(self, connection: Connection, scope_id: int, uid: str) -> Sequence[str]:
        """Names of the journeys with a version that names a rule set and can still run."""
        return self._users.current(connection).get((scope_id, uid), ())

    def _find_users(self, connection: Connection) -> _Users:
        found: dict[tuple[int, str], dict[str, str]] = {}
        for stored in self._resources.in_all_scopes(connection, VERSION_KIND):
            if stored.body["status"] in _OVER:
                continue
            document = stored.body["document"]
            for uid in named_sets(document):
                found.setdefault((stored.scope_id, uid), {})[stored.body["journeyUid"]] = document["name"]
        return {place: tuple(names.values()) for place, names in found.items()}

    def find(self, caller: Caller, version_uid: str) -> dict[str, Any]:
        """{"versionUid", "conflicts": [journey …]}, the highest priority first. Raises JourneyNotFound.

        Listed is whoever runs at the same time and shares an event, may share people of audiences, sends on one of the
        same channels or is under one of the same rule sets.
        """
        with self._db.read() as connection:
            version = self._resources.find(connection, caller.scope_id, VERSION_KIND, version_uid)
            if version is None:
                raise JourneyNotFound(version_uid)
            actions, rule_sets = self._actions.current(connection), self._rule_sets.current(connection)
            own = read_meeting(version, actions, rule_sets)
            found: list[tuple[int, int, dict[str, Any]]] = []
            for other in self._resources.in_scope(connection, caller.scope_id, VERSION_KIND):
                body = other.body
                if body["journeyUid"] == version.body["journeyUid"] or body["status"] not in _SHOWN:
                    continue
                theirs = read_meeting(other, actions, rule_sets)
                shared = shared_by(own, theirs)
                if shared is None:
                    continue
                priority = _priority(body["document"])
                told = {
                    "journeyUid": body["journeyUid"],
                    "versionUid": other.id,
                    "name": body["document"].get("name"),
                    "version": body["version"],
                    "status": body["status"],
                    "type": ENTRY_TYPES.get(theirs.first, "unspecified"),
                    "priority": priority,
                    "startDate": body["document"].get("startDate"),
                    "endDate": body["document"].get("endDate"),
                    "ruleSets": _named(rule_sets, caller.scope_id, theirs.rule_sets),
                    "shared": {**shared, "ruleSets": _named(rule_sets, caller.scope_id, shared["ruleSets"])},
                }
                found.append((-priority, -other.updated_at_ms, told))
            found.sort(key=lambda one: one[:2])
            return {
                "versionUid": version_uid,
                "priority": _priority(version.body["document"]),
                "ruleSets": _named(rule_sets, caller.scope_id, own.rule_sets),
                "conflicts": [told for *_, told in found],
            }


def named_sets(document: Mapping[str, Any]) -> set[str]:
    """Uids of the rule sets that a document names: its own, and those of its messages."""
    own = document.get("ruleSet")
    return {*uids_in(document, "ruleSet"), *([own] if isinstance(own, str) else ())}


def read_meeting(version: Resource, actions: ActionTable, rule_sets: RuleSetTable) -> Meeting:
    """What a stored version may share with others."""
    document: Mapping[str, Any] = version.body["document"]
    nodes = document.get("nodes")
    nodes = nodes if isinstance(nodes, Mapping) else {}
    entry = document.get("entry")
    node_id = entry.get("node") if isinstance(entry, Mapping) else None
    config = nodes.get(node_id) if isinstance(node_id, str) else None
    first = config if isinstance(config, Mapping) else {}
    kind = str(first.get("type", ""))
    audiences = uids_in({"nodes": {n: c for n, c in nodes.items() if _lets_enter(c)}}, "audienceId")
    found = [actions.get(version.scope_id, uid) for uid in uids_in(document, "actionUid")]
    channels = {channel_of(action.channel) for action in found if action is not None and action.channel}
    channels |= {channel_of(channel) for channel in uids_in(document, "channel")}
    named = named_sets(document)
    named |= {one.uid for domain in DOMAINS for one in rule_sets.applying(version.scope_id, domain, None)}
    event_uid = first.get("eventUid")
    return Meeting(
        kind,
        event_uid if isinstance(event_uid, str) else None,
        frozenset(audiences),
        frozenset(channel for channel in channels if channel is not None),
        frozenset(named),
        _moment(document.get("startDate")),
        _moment(document.get("endDate")),
    )


def shared_by(own: Meeting, other: Meeting) -> dict[str, Any] | None:
    """What two journeys share; None when they don't run at the same time, or share nothing."""
    if (own.end_us is not None and other.start_us is not None and own.end_us <= other.start_us) or (
        other.end_us is not None and own.start_us is not None and other.end_us <= own.start_us
    ):
        return None
    is_same_event = own.event_uid is not None and own.event_uid == other.event_uid
    may_share_audience = own.first in _OF_AUDIENCES and other.first in _OF_AUDIENCES
    channels, rule_sets = sorted(own.channels & other.channels), sorted(own.rule_sets & other.rule_sets)
    if not (is_same_event or may_share_audience or channels or rule_sets):
        return None
    return {
        "event": is_same_event,
        "audience": may_share_audience,
        "sameAudiences": sorted(own.audience_ids & other.audience_ids),
        "channels": channels,
        "ruleSets": rule_sets,
    }


def _lets_enter(config: Any) -> bool:
    return isinstance(config, Mapping) and config.get("type") in ("readAudience", "audienceQualification")


def _priority(document: Mapping[str, Any]) -> int:
    priority = document.get("priority", 0)
    return priority if type(priority) is int else 0


def _moment(text: Any) -> int | None:
    """A date-time without an offset is UTC; what is none is no bound."""
    try:
        value = datetime.fromisoformat(text)
        return to_us(value if value.tzinfo is not None else value.replace(tzinfo=UTC))
    except (TypeError, ValueError, OverflowError):
        return None


def _named(rule_sets: RuleSetTable, scope_id: int, uids: Sequence[str] | frozenset[str]) -> list[dict[str, Any]]:
    told = [(uid, rule_sets.describe(scope_id, uid)) for uid in sorted(uids)]
    return [{"uid": uid, "name": found[0], "domain": found[1], "state": found[2]} for uid, found in told if found]
