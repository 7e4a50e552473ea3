"""Backtests over HTTP: how the stream begins, goes on and ends; what is replayed is tested on the real server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from test_journey_api import VERSIONS, Sandbox

from parcours.app import Platform
from parcours.journeys.backtests import MAX_DATA_SETS, Backtests, check_members
from parcours.journeys.errors import JourneyInvalid, SimulationInvalid, SimulationTooLong
from parcours.kit.helper import HelperTooLong

LINES = [b"2026-01-01 some line of a log\n", b'{"progress":{"records":1,"total":2,"at":"2026-01-01T00:00:00Z"}}\n']


class Played:
    """A helper that plays a part: lines of progress, then an answer, an error, or nothing until it is cancelled."""

    def __init__(self, answer: Any, lines: list[bytes] = LINES) -> None:
        self.answer = answer
        self.lines = lines
        self.asked: list[Any] = []
        self.is_cancelled = False

    async def ask(self, name: str, question: bytes, _limit: float, *, progress: Callable[[bytes], None]) -> bytes:
        self.asked.append((name, orjson.loads(question)))
        try:
            for line in self.lines:
                progress(line)
                await asyncio.sleep(0)
            if self.answer is None:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        if isinstance(self.answer, Exception):
            raise self.answer
        return orjson.dumps(self.answer)


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def begin(platform: Platform, api: TestClient, uid: str, helper: Played, **asked: Any) -> Any:
    caller = platform.access.admit(dict(api.headers))
    backtests = Backtests(platform.db, platform.journeys, helper)  # type: ignore[arg-type]
    return backtests.begin(caller, uid, {"from": "1d", **asked})


async def read(events: AsyncIterator[bytes]) -> list[tuple[str, Any]]:
    blocks = [(block.decode()).strip().split("\n") async for block in events]
    return [(name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_progress_comes_before_the_result(platform: Platform, api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    helper = Played({"result": {"records": 2}})

    async def scenario() -> list[tuple[str, Any]]:
        return await read(await begin(platform, api, uid, helper, dataSets=["Orders"]))

    told = asyncio.run(scenario())
    assert told == [
        ("progress", {"records": 1, "total": 2, "at": "2026-01-01T00:00:00Z"}),
        ("result", {"records": 2}),
    ]
    ((name, question),) = helper.asked
    assert (name, question["versionUid"], question["document"]) == ("replay", uid, None)
    assert question["asked"] == {"from": "1d", "dataSets": ["Orders"]}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"fault": {"message": "no data set 'X'", "path": "$.dataSets"}}, SimulationInvalid),
        (HelperTooLong(), SimulationTooLong),
    ],
)
def test_a_fault_is_an_error_before_the_stream_has_begun_and_an_event_after(
    platform: Platform, api: TestClient, sandbox: Sandbox, answer: Any, kind: type[Exception]
) -> None:
    uid = sandbox.draft()["versionUid"]

    async def scenario(lines: list[bytes]) -> list[tuple[str, Any]]:
        return await read(await begin(platform, api, uid, Played(answer, lines)))

    with pytest.raises(kind):
        asyncio.run(scenario([]))
    *_, (name, fault) = asyncio.run(scenario(LINES))
    assert name == "fault"
    assert fault["path"].startswith("$")
    assert "no data set" in fault["message"] or "longer than 120 s" in fault["message"]


def test_who_goes_away_ends_the_replay(platform: Platform, api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    helper = Played(None)

    async def scenario() -> None:
        events = await begin(platform, api, uid, helper)
        assert (await anext(events)).startswith(b"event: progress")
        assert not helper.is_cancelled
        await events.aclose()

    asyncio.run(scenario())
    assert helper.is_cancelled


def test_what_is_no_version_or_no_journey_is_refused_before_anything_is_started(
    platform: Platform, api: TestClient, sandbox: Sandbox
) -> None:
    uid = sandbox.draft()["versionUid"]
    helper = Played({"result": {}})
    with pytest.raises(JourneyInvalid):
        asyncio.run(begin(platform, api, uid, helper, document=sandbox.document("1 +")))
    assert api.post(f"{VERSIONS}/nothing/backtest", json={"from": "1d"}).status_code == 404
    answer = api.post(f"{VERSIONS}/{uid}/backtest", json={"from": "1d", "till": "2d"})
    assert answer.status_code == 400
    assert "a backtest has no 'till'" in answer.text
    assert helper.asked == []


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({}, "$.from"),
        ({"from": 3}, "$.from"),
        ({"from": "1d", "to": 3}, "$.to"),
        ({"from": "1d", "stubs": []}, "$.stubs"),
        ({"from": "1d", "document": "x"}, "$.document"),
        ({"from": "1d", "dataSets": "Orders"}, "$.dataSets"),
        ({"from": "1d", "dataSets": ["x"] * (MAX_DATA_SETS + 1)}, "$.dataSets"),
        ({"from": "1d", "show": 1_001}, "$.show"),
        ({"from": "1d", "show": True}, "$.show"),
    ],
)
def test_members_of_a_backtest_have_their_types_and_limits(asked: dict[str, Any], path: str) -> None:
    with pytest.raises(SimulationInvalid) as refused:
        check_members(asked)
    assert refused.value.path == path
