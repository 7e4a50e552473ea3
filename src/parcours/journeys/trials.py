"""Simulations of stored versions and of documents that are not saved, each in a process of its own."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool

from parcours.access.model import Caller
from parcours.db import Database
from parcours.journeys.compile import VersionIdentity, examine
from parcours.journeys.errors import JourneyInvalid, SimulationInvalid, SimulationTooLong
from parcours.journeys.service import JourneyService
from parcours.journeys.trial import check_members
from parcours.kit.helper import HelperAbandoned, Helpers, HelperTooLong

LIMIT_S = 10.0
"""Longest simulation, in seconds of computing."""


class Trials:
    """Asks helpers; what they answer is the route's answer."""

    def __init__(self, db: Database, journeys: JourneyService, helpers: Helpers, limit_s: float = LIMIT_S) -> None:
        self._db = db
        self._journeys = journeys
        self._helpers = helpers
        self._limit_s = limit_s

    async def simulate(
        self, caller: Caller, version_uid: str | None, asked: Mapping[str, Any], gone: Callable[[], Awaitable[None]]
    ) -> dict[str, Any]:
        """What became of everyone: see `trial.run_trial`. asked: with `document` in place of the version's.

        Raises JourneyNotFound, JourneyInvalid, SimulationInvalid, SimulationTooLong or Unavailable.
        """
        check_members(asked)
        question = await run_in_threadpool(self._question, caller, version_uid, asked)
        try:
            answer = orjson.loads(await self._helpers.ask("trial", question, self._limit_s, gone=gone))
        except HelperTooLong:
            message = f"it computes longer than {self._limit_s:g} s: let fewer customers enter, or less time go by"
            raise SimulationTooLong(message, "$") from None
        except HelperAbandoned:
            return {}  # nobody reads it
        if "fault" in answer:
            raise SimulationInvalid(answer["fault"]["message"], answer["fault"]["path"])
        found: dict[str, Any] = answer["result"]
        return found

    def _question(self, caller: Caller, version_uid: str | None, asked: Mapping[str, Any]) -> bytes:
        document = asked.get("document")
        with self._db.read() as connection:
            if version_uid is not None:
                version = self._journeys.find_version(connection, caller.scope_id, version_uid)
                if document is None:
                    document = version.body["document"]
                    journey, faults = self._journeys.examine_version(connection, caller, version)
            if version_uid is None or asked.get("document") is not None:
                identity = VersionIdentity(
                    scope_id=caller.scope_id, org_id=caller.org_id, sandbox_name=caller.sandbox.name
                )
                definitions = self._journeys.definitions(connection, caller.scope_id)
                journey, faults = examine(document, definitions, identity)
        if journey is None:
            raise JourneyInvalid([fault for fault in faults if fault.severity == "error"])
        is_stored = version_uid is not None and asked.get("document") is None
        return orjson.dumps(
            {
                "org": caller.org_id,
                "sandbox": caller.sandbox.name,
                "versionUid": version_uid if is_stored else None,
                "document": document,
                "asked": {name: value for name, value in asked.items() if name != "document"},
            }
        )
