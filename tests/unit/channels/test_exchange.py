"""One exchange of a provider: what a redirect gets, what failures come to."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from parcours.actions.model import HttpRequest
from parcours.channels.exchange import MAX_RETRY_AFTER_S, exchange, is_passing, object_of, retry_after_of
from parcours.channels.model import SendOutcome
from parcours.delivery.sender import SendFailed


class Script:
    """An Http that keeps what it was asked for, and fails as told."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.asked: list[tuple[HttpRequest, HttpRequest]] = []
        self._problem = problem

    async def send(self, request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Any:
        self.asked.append((request, bare))
        if self._problem is not None:
            raise self._problem
        return "an answer"


def test_a_secret_is_not_among_what_a_redirect_to_another_origin_gets() -> None:
    http = Script()
    headers = {"Content-Type": "text/plain"}
    told = asyncio.run(exchange(http, "https://a.example", headers, b"x", {"Authorization": "Bearer secret"}))
    assert told == "an answer"
    ((request, bare),) = http.asked
    assert ("Authorization", "Bearer secret") in request.headers
    assert bare.headers == (("Content-Type", "text/plain"),)
    assert (request.method, request.body) == ("POST", b"x")


@pytest.mark.parametrize("is_final", [True, False])
def test_no_answer_is_an_outcome(is_final: bool) -> None:
    outcome = asyncio.run(exchange(Script(SendFailed("no connection", is_final)), "https://a.example", {}, b"", {}))
    assert isinstance(outcome, SendOutcome)
    assert (outcome.status, outcome.code, outcome.is_permanent) == ("failed", "unreachable", is_final)


def test_when_to_come_again_is_read_as_seconds_or_a_date() -> None:
    assert retry_after_of({"Retry-After": "7"}) == 7.0
    assert retry_after_of({"retry-after": "99999"}) == MAX_RETRY_AFTER_S
    soon = retry_after_of({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)})
    assert soon is not None
    assert 1_700 < soon <= 1_800
    assert retry_after_of({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    for text in ("", "soon", "-1", "1.5", "9" * 40, "²"):
        assert retry_after_of({"Retry-After": text}) is None
    assert retry_after_of({}) is None


def test_what_is_no_object_is_an_empty_one() -> None:
    assert object_of(b'{"a": 1}') == {"a": 1}
    for body in (None, b"", b"[]", b"{", b"\xff", b"null"):
        assert object_of(body) == {}


def test_what_passes_by_itself() -> None:
    assert [one for one in (200, 400, 401, 404, 408, 410, 425, 429, 500, 503) if is_passing(one)] == [
        408, 425, 429, 500, 503,
    ]  # fmt: skip
