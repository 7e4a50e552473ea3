"""Live experiments: shares are recalculated when it is time, and winners scaled."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from parcours.access.model import Caller
from parcours.db import Database
from parcours.db.faults import is_fault_of_the_code
from parcours.journeys import counter_store
from parcours.journeys.activities.optimize import ExperimentNode
from parcours.journeys.allocating import arms_of, looked_at, next_look_us, recalculate, scaled
from parcours.journeys.check import Fault
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.errors import JourneyInvalid, JourneyNotFound, JourneyStateConflict
from parcours.journeys.experiment_check import SCALABLE
from parcours.journeys.lifecycle import SYSTEM, Shown
from parcours.journeys.service import JourneyService
from parcours.journeys.versions import VERSION_KIND, show_version
from parcours.kit.clock import Clock, to_us
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Author, Resource, ResourceStore

EVERY_S = 30.0
log = get_logger("journeys")


class Experiments:
    """Changes the shares of published versions; each change is one transaction, whose resource tells who made it."""

    def __init__(self, db: Database, resources: ResourceStore, journeys: JourneyService, clock: Clock) -> None:
        self._db = db
        self._resources = resources
        self._journeys = journeys
        self._clock = clock

    # --- by time ---

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set, in the worker's event loop; what the database refuses is tried again later."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.look)
            except SQLAlchemyError as error:
                log.error("experiments.look_failed", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_S)

    def look(self) -> int:
        """Recalculate what is due; how many experiments that were."""
        now_us = self._clock.now_us()
        due: list[tuple[int, str]] = []
        with self._db.read() as connection:
            for journey in self._journeys.live.current(connection).versions.values():
                if not looked_at(journey):
                    continue
                stored = self._resources.find(connection, journey.scope_id, VERSION_KIND, journey.version_uid)
                if stored is not None and _due(journey, stored, now_us):
                    due.append((stored.scope_id, stored.id))
        return sum(self._recalculate(scope_id, version_uid, now_us) for scope_id, version_uid in due)

    def _recalculate(self, scope_id: int, version_uid: str, now_us: int) -> int:
        """One version: whoever comes second finds nothing due any more."""
        try:
            with self._db.write() as connection:
                version = self._resources.find(connection, scope_id, VERSION_KIND, version_uid)
                journey = self._journeys.live.current(connection).get(version_uid)
                if version is None or journey is None:
                    return 0
                nodes = _due(journey, version, now_us)
                if not nodes:
                    return 0
                states = dict(version.body.get("experiments") or {})
                counts = counter_store.read_counts(connection, scope_id, version_uid)
                for node in nodes:
                    arms = arms_of(node.shares, counts, node.id, node.allocation.metric)
                    states[node.id] = recalculate(node, version_uid, states.get(node.id), arms, now_us)
                self._keep(connection, version, SYSTEM, states)
        except Exception as fault:
            if not is_fault_of_the_code(fault):
                raise
            log.error("experiment.recalculation_failed", version_uid=version_uid, exc_info=fault)
            return 0
        for node in nodes:
            winner = states[node.id].get("winner")
            what = "recalculated" if winner is None else "winner_scaled"
            log.info(f"experiment.{what}", version_uid=version_uid, node_id=node.id, shares=states[node.id]["shares"])
        return len(nodes)

    # --- by hand ---

    def scale(self, caller: Caller, version_uid: str, node_id: str, settings: Mapping[str, Any]) -> Shown:
        """Send all who are new, but for the hold-out, one way. settings: {"path"}. The version, and its etag.

        Raises JourneyNotFound, JourneyStateConflict, JourneyInvalid.
        """
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            if version.body["status"] not in ("Deployed", "Paused"):
                raise JourneyStateConflict(f"the version is {version.body['status']}: nobody enters its experiments")
            journey = self._journeys.live.current(connection).get(version_uid)
            node = None if journey is None else journey.nodes.get(node_id)
            if journey is None or not isinstance(node, ExperimentNode):
                raise JourneyNotFound(f"{version_uid}/experiments/{node_id}")
            if journey.type not in SCALABLE:
                raise _invalid("a winner is scaled only where individuals enter one by one", "$", node_id)
            if node_id not in journey.experiments:
                raise _invalid("the journey measures no success: it has no metric that is computed", "$", node_id)
            path = settings.get("path")
            if not isinstance(path, str) or path not in node.shares:
                message = f"the experiment has no path {path!r}; it has: {', '.join(node.shares)}"
                raise _invalid(message, "$.path", node_id)
            states = dict(version.body.get("experiments") or {})
            counts = counter_store.read_counts(connection, caller.scope_id, version_uid)
            arms = arms_of(node.shares, counts, node_id, node.allocation.metric)
            how = {"mode": "manual", "by": caller.author.user_id}
            states[node_id] = scaled(node, states.get(node_id), path, arms, self._clock.now_us(), how)
            version = self._keep(connection, version, caller.author, states)
        log.info("experiment.winner_scaled", version_uid=version_uid, node_id=node_id, shares=states[node_id]["shares"])
        return show_version(caller, version), version.etag

    def _keep(
        self, connection: Connection, version: Resource, author: Author, states: Mapping[str, Any]
    ) -> Resource:  # fmt: skip
        return self._resources.replace(connection, version, author, {**version.body, "experiments": states})


def _due(journey: CompiledJourney, version: Resource, now_us: int) -> list[ExperimentNode]:
    if version.body["status"] != "Deployed":
        return []
    states = version.body.get("experiments") or {}
    since_us = published_us(version.body)
    nodes = ((node, next_look_us(node, states.get(node.id), since_us)) for node in looked_at(journey))
    return [node for node, at_us in nodes if at_us is not None and at_us <= now_us]


def published_us(body: Mapping[str, Any]) -> int:
    """When a version was published last; 0 for one that never was."""
    text = (body.get("deployments") or {}).get("lastDeployedAt")
    return to_us(datetime.fromisoformat(text)) if text else 0


def _invalid(message: str, path: str, node_id: str) -> JourneyInvalid:
    return JourneyInvalid([Fault("ERR_OPTIMIZE_WINNER", message, path, node_id)])
