"""Finds versions and shows them as `GET /ajo/journey` does."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.journeys.conflicts import named_sets
from parcours.journeys.definitions import SandboxDefinitions, uids_in
from parcours.journeys.errors import JourneyNotFound
from parcours.journeys.journey_filter import (
    Facts,
    matches,
    project,
    read_fields,
    read_filter,
    read_sort,
    sort,
)
from parcours.journeys.readmodel import AudienceOf, Called, show
from parcours.journeys.service import JourneyService
from parcours.journeys.versions import JOURNEY_KIND, VERSION_KIND
from parcours.resources.store import Resource, ResourceStore
from parcours.rulesets.table import RULE_SET_KIND


class JourneyReader:
    """Reads versions of every sandbox."""

    def __init__(self, db: Database, resources: ResourceStore, journeys: JourneyService) -> None:
        self._db = db
        self._resources = resources
        self._journeys = journeys

    def find(
        self, caller: Caller, filters: str = "", order: str = "", fields: str = "", page: int = 0, page_size: int = 100
    ) -> dict[str, Any]:
        """{"results", "page", "limit", "pages"}; oldest first unless ordered. Raises JourneyQueryInvalid."""
        conditions, sorting, shown = read_filter(filters), read_sort(order), read_fields(fields)
        with self._db.read() as connection:
            latest = {
                journey.body["versions"][-1]
                for journey in self._resources.in_scope(connection, caller.scope_id, JOURNEY_KIND)
            }
            definitions = self._journeys.definitions(connection, caller.scope_id)
            kept: list[dict[str, Any]] = []
            for version in self._resources.in_scope(connection, caller.scope_id, VERSION_KIND):
                names = self._journeys.names_of(connection, version)
                journey = show(caller, version, names, _audiences_of(version, definitions))
                if matches(journey, _facts(version, names, version.id in latest), conditions):
                    kept.append(journey)
        kept = sort(kept, sorting)
        return {
            "results": [project(journey, shown) for journey in kept[page * page_size : (page + 1) * page_size]],
            "page": page,
            "limit": page_size,
            "pages": -(-len(kept) // page_size),
        }

    def get(self, caller: Caller, uid: str, *, with_rule_sets: bool = False) -> dict[str, Any]:
        """One version; of a journey's uid its latest. with_rule_sets: those that apply. Raises JourneyNotFound."""
        with self._db.read() as connection:
            journey = self._resources.find(connection, caller.scope_id, JOURNEY_KIND, uid)
            version_uid = uid if journey is None else journey.body["versions"][-1]
            version = self._resources.find(connection, caller.scope_id, VERSION_KIND, version_uid)
            if version is None:
                raise JourneyNotFound(uid)
            audience_of = _audiences_of(version, self._journeys.definitions(connection, caller.scope_id))
            shown = show(caller, version, self._journeys.names_of(connection, version), audience_of)
            if with_rule_sets:
                shown["rulesets"] = self._rule_sets(connection, version)
            return shown

    def _rule_sets(self, connection: Connection, version: Resource) -> list[dict[str, Any]]:
        """The sets that a version names, active or not, and the global ones."""
        named = named_sets(version.body["document"])
        return [
            {"id": one.id, **{m: one.body[m] for m in ("name", "domain", "isGlobal", "state")}}
            for one in self._resources.in_scope(connection, version.scope_id, RULE_SET_KIND)
            if one.id in named or (one.body["isGlobal"] and one.body["state"] == "active")
        ]


def _audiences_of(version: Resource, definitions: SandboxDefinitions) -> AudienceOf:
    """Audiences by the names they have now; a published version keeps the namespace they had at its publication."""
    kept: Mapping[str, str] = (version.body["names"] or {}).get("audiences", {})

    def audience_of(audience_id: str) -> Called:
        found = definitions.audience(audience_id)
        if found is None:
            return Called(None, kept.get(audience_id))
        return Called(found.name, kept.get(audience_id, found.namespace))

    return audience_of


def _facts(version: Resource, names: Mapping[str, Mapping[str, str]], is_latest: bool) -> Facts:
    document = version.body["document"]
    events, actions = uids_in(document, "eventUid"), uids_in(document, "actionUid")
    return Facts(
        is_latest,
        frozenset(events | {name for uid, name in names["events"].items() if uid in events}),
        frozenset(actions | {name for uid, name in names["actions"].items() if uid in actions}),
        frozenset(document.get("tags", ())),
    )
