"""Backtests that a designer asks for: each in a process of its own, told of as server-sent events while it runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool

from parcours.access.model import Caller
from parcours.db import Database
from parcours.journeys.backtest_report import MAX_SHOWN
from parcours.journeys.compile import VersionIdentity, examine
from parcours.journeys.errors import JourneyInvalid, SimulationInvalid, SimulationTooLong
from parcours.journeys.service import JourneyService
from parcours.kit.errors import Unavailable
from parcours.kit.helper import Helpers, HelperTooLong

LIMIT_S = 120.0
"""Longest backtest, in seconds of computing."""
MAX_RECORDS = 500_000
"""Most records replayed, and most live entrances compared with."""
MAX_DATA_SETS = 20
_HEARTBEAT_S = 15.0
_PROGRESS = b'{"progress":'
Lines = asyncio.Queue[bytes | None]
"""What a helper says on its standard error; None at the end."""
_MEMBERS = frozenset({"document", "dataSets", "from", "to", "stubs", "seed", "tolerance", "show"})


def check_members(asked: Mapping[str, Any]) -> None:
    """Whether what is asked for has the members of a backtest. Raises SimulationInvalid."""
    unknown = sorted(set(asked) - _MEMBERS)
    if unknown:
        raise SimulationInvalid(f"a backtest has no {unknown[0][:80]!r}; it has {', '.join(sorted(_MEMBERS))}")
    if not isinstance(asked.get("from"), str) or not asked["from"]:
        raise SimulationInvalid("from is an instant, or how long ago, such as 30d", "$.from")
    for name, kind, told in (
        ("to", str, "a text"), ("seed", str, "a text"), ("tolerance", str, "a text"), ("stubs", dict, "an object"),
        ("document", dict, "an object"),
    ):  # fmt: skip
        if asked.get(name) is not None and not isinstance(asked[name], kind):
            raise SimulationInvalid(f"{name} is {told}", f"$.{name}")
    data_sets = asked.get("dataSets") or []
    if not isinstance(data_sets, list) or not all(isinstance(one, str) for one in data_sets):
        raise SimulationInvalid("dataSets is a list of names or ids", "$.dataSets")
    if len(data_sets) > MAX_DATA_SETS:
        raise SimulationInvalid(f"dataSets has {MAX_DATA_SETS} elements at most", "$.dataSets")
    show = asked.get("show")
    if show is not None and (type(show) is not int or not 0 <= show <= MAX_SHOWN):
        raise SimulationInvalid(f"show is a whole number from 0 to {MAX_SHOWN}", "$.show")


class Backtests:
    """Asks helpers, and passes on what they tell."""

    def __init__(
        self, db: Database, journeys: JourneyService, helpers: Helpers, *, limit_s: float = LIMIT_S,
        max_records: int = MAX_RECORDS,
    ) -> None:  # fmt: skip
        self._db = db
        self._journeys = journeys
        self._helpers = helpers
        self._limit_s = limit_s
        self._max_records = max_records

    async def begin(self, caller: Caller, version_uid: str, asked: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """Server-sent events: `progress` while it runs, then `result`, or `fault` as an error of the API has it.

        Returns when the replay has begun; closed, the stream ends it. Raises before that JourneyNotFound,
        JourneyInvalid, SimulationInvalid, SimulationTooLong or Unavailable.
        """
        check_members(asked)
        question = await run_in_threadpool(self._question, caller, version_uid, asked)
        lines: Lines = asyncio.Queue()
        asking = asyncio.ensure_future(self._helpers.ask("replay", question, self._limit_s, progress=lines.put_nowait))
        asking.add_done_callback(lambda _: lines.put_nowait(None))
        try:
            first = await _next(lines, None)
            if first is None:
                return _whole(_event("result", self._result(asking)))
        except BaseException:
            asking.cancel()
            raise
        return self._events(asking, lines, first)

    async def _events(self, asking: "asyncio.Future[bytes]", lines: Lines, first: bytes) -> AsyncIterator[bytes]:
        try:
            yield first
            while (told := await _next(lines, _HEARTBEAT_S)) is not None:
                yield told
            try:
                yield _event("result", self._result(asking))
            except (SimulationInvalid, SimulationTooLong, Unavailable) as error:
                told_of = {"message": str(error), "path": getattr(error, "path", "$")}
                yield _event("fault", told_of)
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await asking

    def _result(self, asking: "asyncio.Future[bytes]") -> Any:
        try:
            answer = orjson.loads(asking.result())
        except HelperTooLong:
            message = f"it computes longer than {self._limit_s:g} s: choose a shorter period, or fewer data sets"
            raise SimulationTooLong(message, "$") from None
        if "fault" in answer:
            raise SimulationInvalid(answer["fault"]["message"], answer["fault"]["path"])
        return answer["result"]

    def _question(self, caller: Caller, version_uid: str, asked: Mapping[str, Any]) -> bytes:
        document = asked.get("document")
        with self._db.read() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            if document is None:
                journey, faults = self._journeys.examine_version(connection, caller, version)
            else:
                identity = VersionIdentity(
                    scope_id=caller.scope_id, org_id=caller.org_id, sandbox_name=caller.sandbox.name
                )
                journey, faults = examine(document, self._journeys.definitions(connection, caller.scope_id), identity)
        if journey is None:
            raise JourneyInvalid([fault for fault in faults if fault.severity == "error"])
        return orjson.dumps(
            {
                "org": caller.org_id,
                "sandbox": caller.sandbox.name,
                "journeyUid": version.body["journeyUid"],
                "versionUid": version_uid,
                "document": document,
                "maxRecords": self._max_records,
                "asked": {name: value for name, value in asked.items() if name != "document"},
            }
        )


async def _next(lines: Lines, patience_s: float | None) -> bytes | None:
    """The next event of progress, or a comment when there is none for so long; None when there is an answer."""
    while True:
        try:
            line = await asyncio.wait_for(lines.get(), patience_s)
        except TimeoutError:
            return b": still here\n\n"
        if line is None:
            return None
        if line.startswith(_PROGRESS):
            return _event("progress", orjson.loads(line)["progress"])


async def _whole(events: bytes) -> AsyncIterator[bytes]:
    yield events


def _event(name: str, told: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(told) + b"\n\n"
