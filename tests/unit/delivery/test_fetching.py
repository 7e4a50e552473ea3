"""Fetches of the outbox under virtual time: cache, one call for many, limits, retries, bad answers (journeys §5.2)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from virtual_time import LoopClock, run_virtual

from parcours.actions import authentication
from parcours.actions.model import HttpRequest
from parcours.datasources.document import read_document
from parcours.datasources.table import SourceTable
from parcours.delivery.fetching import CALLS_A_SECOND, Fetching
from parcours.delivery.model import OutboxRow
from parcours.delivery.sender import Received, SendFailed
from parcours.delivery.source_cache import AnswerCache
from parcours.delivery.tokens import TokenCache
from parcours.journeys.fetch_request import to_request
from parcours.journeys.model import FetchOutcome, FetchRequest
from parcours.kit.secrets import SecretBox

BOX = SecretBox(b"k" * 32)
SAMPLE = {"temp": 1.5, "sky": {"clouds": 1}, "days": [{"max": 1}]}
TOKEN = {
    "type": "customAuthorization",
    "endpoint": "https://auth.example.com/token",
    "method": "GET",
    "tokenInResponse": "response",
    "authorizationType": "bearer",
}


def group(**changes: Any) -> dict[str, Any]:
    return {"name": "now", "method": "GET", "dynamicValues": ["city"], "responsePayload": SAMPLE, **changes}


def cached(duration: int, unit: str = "seconds") -> dict[str, Any]:
    return {"duration": duration, "timeUnit": unit}


def table(*groups: dict[str, Any], version: int = 0, **changes: Any) -> SourceTable:
    document = {"name": "Weather", "url": "https://w.example.com/v1?units=si", "fieldGroups": list(groups), **changes}
    stored = read_document(document, False)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    return SourceTable([(1, "s1", version, stored)], BOX)


def row(row_id: int, city: str = "Paris", *names: str, limit_s: float = 30, source: str = "s1") -> OutboxRow:
    requests = [
        FetchRequest(source, "Weather", name, {"city": city}, (number,))
        for number, name in enumerate(names or ("now",))
    ]
    return OutboxRow(
        row_id, 1, f"i{row_id}", "n", 2, "v1", "s1", f"i{row_id}-2", to_request(requests), round(limit_s * 1e6)
    )


class World:
    """Fetching with a sender that answers by a function of the number of the call."""

    def __init__(self, answer: Callable[[int], Any], sources: SourceTable, **options: Any) -> None:
        self.answer = answer
        self.sent: list[tuple[HttpRequest, float]] = []
        self.tokens = 0
        self.done: dict[int, tuple[tuple[FetchOutcome, ...], float]] = {}
        self.loop = asyncio.get_running_loop()
        self.fetching = Fetching(
            self, TokenCache(self, LoopClock()), LoopClock(), self.take, jitter=lambda: 0.5, **options
        )
        self.fetching.table = sources

    def take(self, one: OutboxRow, outcomes: tuple[FetchOutcome, ...], _started_at_us: int) -> None:
        assert one.id not in self.done, "answered twice"
        self.done[one.id] = outcomes, self.loop.time()

    async def send(self, request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Received:
        if "auth.example.com" in request.url:
            self.tokens += 1
            return Received(200, {}, f"t{self.tokens}".encode())
        self.sent.append((request, self.loop.time()))
        answer = self.answer(len(self.sent))
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Received) else good() if answer == 200 else Received(answer, {}, b"{}")

    def codes(self) -> list[str | None]:
        return [outcome.error_code for outcomes, _ in self.done.values() for outcome in outcomes]


def good(**fields: Any) -> Received:
    return Received(200, {}, orjson.dumps({"temp": 20, "more": "x", **fields}))


async def slow(seconds: float, answer: Any = None) -> Any:
    await asyncio.sleep(seconds)
    return answer or good()


# --- one call -------------------------------------------------------------------------------------------------------


def test_a_get_asks_with_its_values_and_keeps_what_the_sample_describes() -> None:
    async def main() -> None:
        answer = good(sky={"clouds": 3, "stars": 9}, days=[{"max": 1, "min": 0}, {"min": 2}])
        world = World(lambda _n: answer, table(group()))
        world.fetching.take(row(1, "São Paulo & Co"))
        await asyncio.sleep(1)
        (request, _) = world.sent[0]
        assert request.url == "https://w.example.com/v1?units=si&city=S%C3%A3o%20Paulo%20%26%20Co"
        assert (request.method, request.body) == ("GET", None)
        (outcome,) = world.done[1][0]
        assert outcome.data == {"temp": 20, "sky": {"clouds": 3}, "days": [{"max": 1}, {}]}
        assert (outcome.source, outcome.group, outcome.numbers, outcome.error) == ("Weather", "now", (0,), None)
        assert len(world.fetching) == 0

    run_virtual(main())


def test_a_post_sends_its_payload_with_the_values_in_their_places() -> None:
    payload = {"id": {"param": "city"}, "list": [1, {"deep": {"param": "city"}}], "param": {"kept": True}}

    async def main() -> None:
        world = World(lambda _n: 200, table(group(method="POST", sentPayload=payload)))
        world.fetching.take(row(1, "Oslo"))
        await asyncio.sleep(1)
        (request, _) = world.sent[0]
        assert orjson.loads(request.body or b"") == {
            "id": "Oslo", "list": [1, {"deep": "Oslo"}], "param": {"kept": True},
        }  # fmt: skip
        assert ("Content-Type", "application/json") in request.headers

    run_virtual(main())


@pytest.mark.parametrize(
    ("answer", "error", "code", "calls"),
    [
        (500, "http", "500", 4),
        (404, "http", "404", 1),
        (403, "http", "403", 1),
        (SendFailed("the receiver closed the connection"), "error", "internalError", 4),
        (SendFailed("a redirect leads where the server may not call: private", True), "error", "internalError", 1),
        (Received(200, {}, b"<html>"), "error", "notJson", 1),
        (Received(200, {}, b""), "error", "notJson", 1),
        (Received(200, {}, b"[1]"), "error", "notAnObject", 1),
        (Received(200, {}, None), "error", "tooLarge", 1),
    ],
)
def test_a_bad_answer_has_its_outcome(answer: Any, error: str, code: str, calls: int) -> None:
    async def main() -> None:
        world = World(lambda _n: answer, table(group(cacheDuration=cached(1, "hours"))))
        world.fetching.take(row(1))
        await asyncio.sleep(10)
        (outcome,) = world.done[1][0]
        assert (outcome.error, outcome.error_code, outcome.data) == (error, code, None)
        assert outcome.error_message
        assert (len(world.sent), outcome.attempts) == (calls, calls)
        assert len(world.fetching.cache) == 0, "a failure is kept"

    run_virtual(main())


def test_a_retry_may_succeed() -> None:
    async def main() -> None:
        world = World(lambda n: 500 if n < 3 else 200, table(group()))
        world.fetching.take(row(1))
        await asyncio.sleep(10)
        assert world.codes() == [None]
        gaps = [later - sooner for (_, sooner), (_, later) in zip(world.sent, world.sent[1:], strict=False)]
        assert gaps == pytest.approx([0.2, 0.4])

    run_virtual(main())


def test_an_answer_that_never_comes_is_timed_out_and_says_what_was_before() -> None:
    async def main() -> None:
        world = World(lambda n: 503 if n == 1 else slow(1_000), table(group()))
        world.fetching.take(row(1, limit_s=5))
        await asyncio.sleep(20)
        (outcome,), at_s = world.done[1]
        assert at_s == pytest.approx(1_005)
        assert (outcome.error, outcome.error_code) == ("timedout", "timedout")
        assert (outcome.origin_error, outcome.origin_code) == ("http", "503")
        assert not world.fetching._flights
        assert not world.fetching._tasks, "the call is given up"

    run_virtual(main())


def test_a_source_that_is_gone_is_an_internal_error() -> None:
    async def main() -> None:
        world = World(lambda _n: 200, table(group()))
        world.fetching.take(row(1, source="other"))
        world.fetching.take(row(2, "x", "gone"))
        assert world.codes() == ["internalError", "internalError"]
        broken = row(3)._replace(request=HttpRequest("FETCH", "", (), b"no json"))
        world.fetching.take(broken)
        assert world.codes()[2:] == ["internalError"]

    run_virtual(main())


# --- tokens ---------------------------------------------------------------------------------------------------------


def test_a_token_is_fetched_kept_and_renewed_once_after_a_401() -> None:
    async def main() -> None:
        world = World(lambda n: 401 if n in (2, 4, 5) else 200, table(group(), authentication=TOKEN))
        world.fetching.take(row(1))
        await asyncio.sleep(1)
        world.fetching.take(row(2))
        await asyncio.sleep(1)
        assert world.codes() == [None, None]
        used = [dict(request.headers)["Authorization"] for request, _ in world.sent]
        assert used == ["Bearer t1", "Bearer t1", "Bearer t2"]
        world.fetching.take(row(3))
        await asyncio.sleep(1)
        assert world.codes()[2] == "401", "a second 401 is final"

    run_virtual(main())


def test_a_token_server_that_is_down_is_told() -> None:
    async def main() -> None:
        world = World(lambda _n: 200, table(group(), authentication=TOKEN))
        plain = world.send

        async def send(request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Received:
            if "auth" in request.url:
                raise SendFailed("no connection: ECONNREFUSED")
            return await plain(request, bare, headers)

        world.fetching._tokens._sender.send = send  # type: ignore[method-assign]
        world.fetching.take(row(1))
        await asyncio.sleep(5)
        (outcome,) = world.done[1][0]
        assert (outcome.error, outcome.error_code, outcome.attempts) == ("error", "tokenUnavailable", 4)
        assert "ECONNREFUSED" in (outcome.error_message or "")
        assert not world.sent

    run_virtual(main())


# --- the cache ------------------------------------------------------------------------------------------------------


def test_a_cached_answer_is_used_for_its_duration_and_the_same_values() -> None:
    async def main() -> None:
        world = World(lambda _n: 200, table(group(cacheDuration=cached(10))))
        world.fetching.take(row(1))
        await asyncio.sleep(1)
        world.fetching.take(row(2))
        assert world.done[2][0][0].is_cached, "at once"
        assert world.done[2][0][0].elapsed_ms == 0
        world.fetching.take(row(3, "Rome"))
        await asyncio.sleep(8.9)
        world.fetching.take(row(4))
        assert len(world.sent) == 2
        await asyncio.sleep(0.2)
        world.fetching.take(row(5))
        await asyncio.sleep(1)
        assert len(world.sent) == 3
        world.fetching.table = table(group(cacheDuration=cached(10)), version=1)
        world.fetching.take(row(6))
        await asyncio.sleep(1)
        assert len(world.sent) == 4, "a changed source has no old answers"

    run_virtual(main())


def test_without_duration_nothing_is_kept() -> None:
    async def main() -> None:
        world = World(lambda _n: 200, table(group()))
        for number in (1, 2):
            world.fetching.take(row(number))
            await asyncio.sleep(1)
        assert len(world.sent) == 2
        assert len(world.fetching.cache) == 0

    run_virtual(main())


def test_the_cache_is_bounded_by_number_and_by_size() -> None:
    cache = AnswerCache(max_entries=3, max_bytes=100)
    for n in range(5):
        cache.put((1, "s", 0, "g", b"%d" % n), {"n": n}, 10, 10)
    assert len(cache) == 3
    assert cache.get((1, "s", 0, "g", b"2"), 0) == {"n": 2}
    cache.put((1, "s", 0, "g", b"big"), {}, 10, 75)
    assert (len(cache), cache.size_bytes) == (3, 95), "the one that was not used for longest went"
    assert cache.get((1, "s", 0, "g", b"3"), 0) is None
    cache.put((1, "s", 0, "g", b"huge"), {}, 10, 101)
    assert cache.size_bytes == 95
    assert cache.get((1, "s", 0, "g", b"big"), 10) is None, "its time is over"
    assert cache.size_bytes == 20


# --- one call for many ----------------------------------------------------------------------------------------------


def test_five_thousand_who_want_the_same_wait_for_one_call() -> None:
    async def main() -> None:
        world = World(lambda _n: slow(3), table(group()))
        for number in range(5_000):
            world.fetching.take(row(number))
        await asyncio.sleep(5)
        assert len(world.sent) == 1
        assert len(world.done) == 5_000
        assert {round(at_s, 6) for _, at_s in world.done.values()} == {1_003.0}
        first = world.done[0][0][0].data
        assert all(outcomes[0].data is first for outcomes, _ in world.done.values()), "one copy for all"

    run_virtual(main())


def test_who_joined_late_is_not_timed_out_with_who_began() -> None:
    async def main() -> None:
        world = World(lambda n: slow(1_000) if n == 1 else 200, table(group()))
        world.fetching.take(row(1, limit_s=5))
        await asyncio.sleep(4)
        world.fetching.take(row(2, limit_s=5))
        await asyncio.sleep(10)
        assert world.codes() == ["timedout", None]
        assert world.done[1][1] == pytest.approx(1_005)
        assert world.done[2][1] == pytest.approx(1_005)
        assert len(world.sent) == 2

    run_virtual(main())


def test_a_hanging_source_delays_nobody_who_asks_another() -> None:
    async def main() -> None:
        groups = [group(), group(name="other")]
        world = World(lambda n: slow(1_000) if n == 1 else 200, table(*groups))
        world.fetching.take(row(1, limit_s=30))
        await asyncio.sleep(0.1)
        world.fetching.take(row(2, "Paris", "other"))
        await asyncio.sleep(0.1)
        assert list(world.done) == [2]
        await asyncio.sleep(60)
        assert world.codes() == [None, "timedout"]

    run_virtual(main())


def test_several_groups_of_a_row_are_fetched_side_by_side() -> None:
    async def main() -> None:
        world = World(lambda n: slow(n), table(group(), group(name="other"), group(name="third")))
        world.fetching.take(row(1, "Paris", "now", "other", "third"))
        await asyncio.sleep(10)
        outcomes, at_s = world.done[1]
        assert at_s == pytest.approx(1_003)
        assert [o.group for o in outcomes] == ["now", "other", "third"]
        assert [o.elapsed_ms for o in outcomes] == [1_000, 2_000, 3_000]

    run_virtual(main())


# --- limits ---------------------------------------------------------------------------------------------------------


def test_fifteen_calls_a_second_and_the_rest_is_capped() -> None:
    async def main() -> None:
        world = World(lambda _n: 200, table(group()))
        for number in range(CALLS_A_SECOND + 5):
            world.fetching.take(row(number, f"city {number}"))
        await asyncio.sleep(0.9)
        assert len(world.sent) == CALLS_A_SECOND
        assert world.codes().count("capped") == 5
        assert {o.error for outcomes, _ in world.done.values() for o in outcomes} == {None, "capped"}
        await asyncio.sleep(0.1)
        world.fetching.take(row(100, "later"))
        await asyncio.sleep(0.1)
        assert world.done[100][0][0].error is None

    run_virtual(main())


def test_retries_count_as_calls() -> None:
    async def main() -> None:
        world = World(lambda _n: 500, table(group()))
        for number in range(10):
            world.fetching.take(row(number, f"city {number}"))
        await asyncio.sleep(10)
        first_second = [at_s for _, at_s in world.sent if at_s < 1_001]
        assert len(first_second) == CALLS_A_SECOND
        capped = [o for outcomes, _ in world.done.values() for o in outcomes if o.error == "capped"]
        assert capped
        assert {(o.origin_error, o.origin_code) for o in capped} == {("http", "500")}

    run_virtual(main())


def test_a_capping_configuration_takes_the_place_of_the_default() -> None:
    asked: list[tuple[int, str, str]] = []

    def capping(scope_id: int, url: str, method: str) -> bool | None:
        asked.append((scope_id, url, method))
        return len(asked) <= 40

    async def main() -> None:
        world = World(lambda _n: 200, table(group()), capping=capping)
        for number in range(50):
            world.fetching.take(row(number, f"city {number}"))
        await asyncio.sleep(0.5)
        assert (len(world.sent), world.codes().count("capped")) == (40, 10)
        assert asked[0] == (1, "https://w.example.com/v1?units=si", "GET")

    run_virtual(main())


def test_more_rows_than_can_wait_are_read_again_later() -> None:
    async def main() -> None:
        world = World(lambda _n: slow(1), table(group()), max_waiting=3)
        for number in range(5):
            world.fetching.take(row(number))
        assert len(world.fetching) == 5
        assert world.fetching.parked_to_load(10) == []
        await asyncio.sleep(2)
        assert sorted(world.done) == [0, 1, 2]
        assert world.fetching.parked_to_load(10) == [3, 4]

    run_virtual(main())


# --- the end --------------------------------------------------------------------------------------------------------


def test_rows_that_are_gone_are_forgotten_with_their_call() -> None:
    async def main() -> None:
        world = World(lambda _n: slow(3), table(group()))
        for number in (1, 2):
            world.fetching.take(row(number))
        world.fetching.take(row(3, "Rome"))
        await asyncio.sleep(1)
        world.fetching.keep({2})
        await asyncio.sleep(0.1)
        assert len(world.fetching._tasks) == 1
        await asyncio.sleep(40)
        assert list(world.done) == [2]

    run_virtual(main())


def test_a_stop_waits_for_calls_under_way_then_leaves_their_rows() -> None:
    async def main() -> None:
        world = World(lambda n: slow(2 if n == 1 else 100), table(group()))
        world.fetching.take(row(1))
        world.fetching.take(row(2, "Rome"))
        await world.fetching.finish(5)
        assert list(world.done) == [1]
        await asyncio.sleep(100)
        assert list(world.done) == [1], "the other is asked for at the next start"

    run_virtual(main())
