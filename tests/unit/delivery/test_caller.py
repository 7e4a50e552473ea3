"""Retries, time limits and tokens of one call, with a scripted sender."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from parcours.actions import authentication
from parcours.actions.compiled import CompiledAction
from parcours.actions.document import read_document
from parcours.actions.model import HttpRequest
from parcours.delivery.caller import Caller, Open
from parcours.delivery.sender import Received, SendFailed
from parcours.journeys.model import ActionOutcome
from parcours.kit.clock import ManualClock
from parcours.kit.secrets import SecretBox

BOX = SecretBox(b"k" * 32)
CUSTOM = {
    "type": "customAuthorization",
    "endpoint": "https://auth.example.com/token",
    "method": "GET",
    "tokenInResponse": "response",
    "cacheDuration": {"duration": 1, "timeUnit": "minutes"},
    "authorizationType": "bearer",
}


def action(**changes: Any) -> CompiledAction:
    document = {"name": "A", "url": "https://api.example.com/x?secret=1", "method": "POST", **changes}
    stored = read_document(document, False)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    return CompiledAction(1, "uid", 0, stored, BOX)


class Script:
    """A sender that answers from a list: a status, a Received, an exception, or seconds of silence."""

    def __init__(self, *steps: Any, token_steps: tuple[Any, ...] = ()) -> None:
        self.steps = list(steps)
        self.token_steps = list(token_steps)
        self.sent: list[tuple[HttpRequest, Mapping[str, str]]] = []
        self.token_calls = 0

    async def send(self, request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Received:
        is_token = "auth.example.com" in request.url
        steps = self.token_steps if is_token else self.steps
        self.token_calls += is_token
        if not is_token:
            self.sent.append((request, headers))
        step = steps.pop(0)
        if isinstance(step, float):
            await asyncio.sleep(step)
            raise AssertionError("the time limit should have come first")
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Received) else Received(step, {}, b"")


def run(script: Script, one: CompiledAction | None = None, limit_s: float = 30) -> tuple[ActionOutcome, list[float]]:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    async def main() -> ActionOutcome:
        caller = Caller(script, ManualClock(), sleep=sleep, jitter=lambda: 0.5)
        called = one or action()
        return await caller.call(called, called.build({}), "key", "version", limit_s)

    return asyncio.run(main()), delays


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success_ends_the_call(status: int) -> None:
    outcome, delays = run(Script(status))
    assert outcome.status_code == f"http_{status}"
    assert not outcome.is_error
    assert (outcome.attempts, delays) == (1, [])
    assert outcome.endpoint == "https://api.example.com/x"
    assert outcome.method == "POST"


@pytest.mark.parametrize("status", [300, 304, 400, 405, 409, 429, 500, 503])
def test_an_error_is_tried_three_times_more(status: int) -> None:
    script = Script(*[status] * 4)
    outcome, delays = run(script)
    assert outcome.status_code == f"http_{status}"
    assert outcome.attempts == 4
    assert delays == pytest.approx([0.2, 0.4, 0.8])
    assert {headers["Idempotency-Key"] for _, headers in script.sent} == {"key"}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_final(status: int) -> None:
    outcome, _ = run(Script(status))
    assert (outcome.status_code, outcome.attempts) == (f"http_{status}", 1)


def test_a_retry_may_succeed() -> None:
    outcome, _ = run(Script(SendFailed("no connection"), 500, 200))
    assert (outcome.status_code, outcome.attempts, outcome.error) == ("http_200", 3, None)


def test_a_receiver_that_cannot_be_reached_is_an_internal_error() -> None:
    outcome, _ = run(Script(*[SendFailed("no connection: refused")] * 4))
    assert (outcome.status_code, outcome.attempts, outcome.error) == ("internalError", 4, "error")
    assert outcome.error_message == "no connection: refused"


def test_a_url_of_ours_to_refuse_is_not_tried_again() -> None:
    outcome, _ = run(Script(SendFailed("private", is_final=True)))
    assert (outcome.status_code, outcome.attempts) == ("internalError", 1)


def test_a_first_attempt_over_the_limit_is_a_timeout_without_retry() -> None:
    script = Script(5.0)
    outcome, _ = run(script, limit_s=0.02)
    assert (outcome.status_code, outcome.attempts, outcome.origin_error) == ("timedout", 1, None)
    assert len(script.sent) == 1
    assert 15 <= outcome.elapsed_ms < 2_000


def test_a_retry_over_the_limit_is_a_timeout_that_tells_what_came_before() -> None:
    outcome, _ = run(Script(500, 5.0), limit_s=0.3)
    assert (outcome.status_code, outcome.attempts) == ("timedout", 2)
    assert (outcome.origin_error, outcome.origin_code) == ("http", "500")
    outcome, _ = run(Script(SendFailed("no connection"), 5.0), limit_s=0.3)
    assert (outcome.origin_error, outcome.origin_code) == ("error", "internalError")


@pytest.mark.parametrize(("last", "code"), [(200, "http_200"), (400, "http_400"), (5.0, "timedout")])
def test_the_last_attempt_is_timed_by_itself(last: Any, code: str) -> None:
    clock = ManualClock()

    async def sleep(_seconds: float) -> None:
        clock.advance(timedelta(seconds=2))
        await asyncio.sleep(0.05)

    async def main() -> ActionOutcome:
        caller = Caller(Script(500, last), clock, sleep=sleep, jitter=lambda: 0.5)
        called = action()
        return await caller.call(called, called.build({}), "key", "version", 0.4)

    outcome = asyncio.run(main())
    assert (outcome.status_code, outcome.attempts, outcome.last_started_at_us) == (code, 2, 2_000_000)
    assert 0 <= outcome.last_elapsed_ms <= outcome.elapsed_ms - 45
    assert (outcome.last_elapsed_ms > 100) == (code == "timedout")


def test_a_call_that_never_went_out_has_no_attempt_to_time() -> None:
    class Full(Open):
        async def admit(self) -> str | None:
            return "capping"

    async def main() -> ActionOutcome:
        called = action()
        return await Caller(Script(), ManualClock()).call(called, called.build({}), "key", "version", 1, Full())

    outcome = asyncio.run(main())
    assert (outcome.status_code, outcome.last_started_at_us) == ("capped", None)


def test_a_retry_that_does_not_fit_is_not_begun() -> None:
    outcome, delays = run(Script(500), limit_s=0.1)
    assert (outcome.status_code, outcome.attempts, delays) == ("http_500", 1, [])


def test_retry_after_is_honoured_when_it_fits() -> None:
    asked = Received(503, {"Retry-After": "3"}, b"")
    assert run(Script(asked, 200))[1] == [3.0]
    assert run(Script(asked, 200), limit_s=2)[1] == pytest.approx([0.2])


@pytest.mark.parametrize(
    ("body", "kept"),
    [(b'{"id":1,"more":2}', {"id": 1}), (b"[1]", None), (b"text", None), (b"", None), (None, None), (b"\xff", None)],
)
def test_the_described_part_of_an_answer_is_kept(body: bytes | None, kept: Any) -> None:
    described = action(response={"sample": {"id": 1}}, failureResponse={"sample": {"reason": "x"}})
    assert run(Script(Received(200, {}, body)), described)[0].response == kept
    assert run(Script(Received(200, {}, body)))[0].response is None
    failure = Received(404, {}, b'{"reason":"gone","id":1}')
    assert run(Script(failure), described)[0].response == {"reason": "gone"}


def test_a_token_is_fetched_once_and_reused() -> None:
    script = Script(200, 200, token_steps=(Received(200, {}, b"tok"),))
    one = action(authentication=CUSTOM)

    async def main() -> None:
        caller = Caller(script, ManualClock())
        outcomes = await asyncio.gather(*(caller.call(one, one.build({}), "key", "version", 30) for _ in range(2)))
        assert [outcome.status_code for outcome in outcomes] == ["http_200", "http_200"]

    asyncio.run(main())
    assert script.token_calls == 1
    assert all(dict(request.headers)["Authorization"] == "Bearer tok" for request, _ in script.sent)


def test_each_journey_has_its_own_token_and_a_token_grows_old() -> None:
    script = Script(200, 200, 200, token_steps=tuple(Received(200, {}, f"t{n}".encode()) for n in range(3)))
    one = action(authentication=CUSTOM)
    clock = ManualClock()

    async def main() -> None:
        caller = Caller(script, clock)
        await caller.call(one, one.build({}), "key", "v1", 30)
        await caller.call(one, one.build({}), "key", "v2", 30)
        clock.advance(timedelta(minutes=1))
        await caller.call(one, one.build({}), "key", "v1", 30)

    asyncio.run(main())
    assert [dict(request.headers)["Authorization"] for request, _ in script.sent] == [
        "Bearer t0", "Bearer t1", "Bearer t2",
    ]  # fmt: skip


def test_a_401_brings_one_new_token() -> None:
    script = Script(401, 200, token_steps=(Received(200, {}, b"old"), Received(200, {}, b"new")))
    outcome, delays = run(script, action(authentication=CUSTOM))
    assert (outcome.status_code, outcome.attempts, delays) == ("http_200", 2, [])
    script = Script(401, 401, token_steps=(Received(200, {}, b"old"), Received(200, {}, b"new")))
    assert run(script, action(authentication=CUSTOM))[0].status_code == "http_401"


@pytest.mark.parametrize("step", [Received(200, {}, b""), Received(500, {}, b"x"), SendFailed("no connection")])
def test_a_call_without_token_is_tried_again_and_ends_as_an_internal_error(step: Any) -> None:
    script = Script(token_steps=(step,) * 4)
    outcome, delays = run(script, action(authentication=CUSTOM))
    assert (outcome.status_code, outcome.attempts, len(delays)) == ("internalError", 4, 3)
    assert script.sent == []
    assert "token call" in (outcome.error_message or "")


def test_a_slow_token_call_counts_against_the_limit() -> None:
    script = Script(token_steps=(5.0,))
    outcome, _ = run(script, action(authentication=CUSTOM), limit_s=0.02)
    assert outcome.status_code == "timedout"


def test_an_unreadable_secret_ends_the_call() -> None:
    one = action(authentication={"type": "basic", "username": "a", "password": "b"})
    one._secrets = SecretBox(b"other" * 8)
    outcome, _ = run(Script(), one)
    assert (outcome.status_code, outcome.attempts) == ("internalError", 1)
