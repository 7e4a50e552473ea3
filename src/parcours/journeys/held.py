"""How many individuals pauses may hold: when an organisation has reached the limit, whoever comes next is discarded."""

import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from parcours.access.store import list_sandboxes
from parcours.db import Database
from parcours.journeys import counter_store, store
from parcours.journeys.run import PAUSED
from parcours.journeys.versions import VERSION_KIND
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Author, Compiled, Resource, ResourceStore

MAX_HELD = 10_000_000
"""Individuals held in the paused versions of an organisation (journeys §10.6)."""
LOOK_EVERY_S = 60.0
COUNT_SHARE = 100
"""Counting may take a hundredth of the time."""
log = get_logger("journeys")


class HeldLimit:
    """Looks now and then. Who is held already stays; the limit may be passed between two looks, as in the source."""

    def __init__(
        self, db: Database, resources: ResourceStore, author: Author, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """author: in whose name versions are changed."""
        self._db = db
        self._resources = resources
        self._author = author
        self._monotonic = monotonic
        self._paused: Compiled[list[Resource]] = Compiled(resources, [VERSION_KIND], self._find_paused)
        self._next_look_s = float("-inf")

    def look(self) -> int:
        """Let versions hold nobody more, or again, whose organisation has reached the limit, or no longer has.

        How many versions changed.
        """
        started_s = self._monotonic()
        if started_s < self._next_look_s:
            return 0
        with self._db.read() as connection:
            paused = self._paused.current(connection)
            full = self._full(connection, paused) if paused else {}
        self._next_look_s = started_s + max(LOOK_EVERY_S, (self._monotonic() - started_s) * COUNT_SHARE)
        return sum(
            self._set(version, is_full=full[version.id])
            for version in paused
            if version.body["pause"].get("isFull", False) != full[version.id]
        )

    def _full(self, connection: Connection, paused: list[Resource]) -> Mapping[str, bool]:
        """By version, whether its organisation holds as many as it may."""
        org_of = {sandbox.scope_id: sandbox.org_id for sandbox in list_sandboxes(connection)}
        by_org: dict[str, list[Resource]] = {}
        for version in paused:
            by_org.setdefault(org_of.get(version.scope_id, ""), []).append(version)
        found: dict[str, bool] = {}
        for versions in by_org.values():
            places = [(version.scope_id, version.body["journeyUid"], version.id) for version in versions]
            # figures tell how many are inside at all: as a rule fewer, so that nobody need be counted
            inside = sum(counter_store.count_inside(connection, scope_id, uid) for scope_id, _, uid in places)
            is_full = (
                inside >= MAX_HELD
                and sum(store.count_waiting(connection, *place, waiting_for=PAUSED) for place in places) >= MAX_HELD
            )
            found |= dict.fromkeys([version.id for version in versions], is_full)
        return found

    def _find_paused(self, connection: Connection) -> list[Resource]:
        versions = self._resources.in_all_scopes(connection, VERSION_KIND)
        return [v for v in versions if v.body["status"] == "Paused" and v.body["pause"]["behavior"] == "hold"]

    def _set(self, version: Resource, *, is_full: bool) -> bool:
        with self._db.write() as connection:
            current = self._resources.find(connection, version.scope_id, VERSION_KIND, version.id)
            if current is None or current.body["status"] != "Paused":  # moved on since the look
                return False
            body = {**current.body, "pause": {**current.body["pause"], "isFull": is_full}}
            self._resources.replace(connection, current, self._author, body)
        log.warning("journey.holds_no_more" if is_full else "journey.holds_again", version_uid=version.id)
        return True
