"""When to try again, and whose turn it is: rules without a clock."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.actions.model import HttpRequest
from parcours.delivery import backlog as backlogs
from parcours.delivery.backlog import Backlog, host_of
from parcours.delivery.model import OutboxRow, idempotency_key
from parcours.delivery.retry import delay_s, is_success, read_retry_after


def row(number: int, host: str) -> OutboxRow:
    request = HttpRequest("POST", f"https://{host}/x", (), None)
    return OutboxRow(number, 1, f"i{number}", "n", 1, "v", "a", "k", request, 1_000_000)


@pytest.mark.parametrize(
    ("attempts", "remaining_s", "retry_after_s", "jitter", "expected"),
    [
        (1, 30, None, 0.5, 0.2),
        (2, 30, None, 0.5, 0.4),
        (3, 30, None, 0.5, 0.8),
        (4, 30, None, 0.5, None),
        (1, 30, None, 0.0, 0.15),
        (1, 30, None, 0.999999, 0.25),
        (1, 0.1, None, 0.5, None),
        (1, 30, 5.0, 0.5, 5.0),
        (1, 30, 0.0, 0.5, 0.2),
        (1, 4, 5.0, 0.5, 0.2),
        (3, 0.5, 0.4, 0.5, None),
    ],
)
def test_a_failed_attempt_is_followed_after_a_delay_that_fits(
    attempts: int, remaining_s: float, retry_after_s: float | None, jitter: float, expected: float | None
) -> None:
    found = delay_s(attempts, remaining_s, retry_after_s, jitter)
    assert found == (expected if expected is None else pytest.approx(expected, abs=1e-5))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 3 ", 3.0),
        ("-1", None),
        ("1.5", None),
        ("99999999999999999999", None),
        ("²", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, expected: float | None) -> None:
    assert read_retry_after(text, 10_000_000) == expected


def test_only_the_2xx_class_is_success() -> None:
    assert [status for status in (199, 200, 204, 299, 300, 304, 404, 500) if is_success(status)] == [200, 204, 299]


def test_an_idempotency_key_names_one_stay() -> None:
    keys = {idempotency_key(*stay) for stay in [("a", 1), ("a", 2), ("a1", 1), ("a", 11), ("b", 1)]}
    assert len(keys) == 5
    assert idempotency_key("a", 1) == idempotency_key("a", 1)


def test_a_host_is_what_stands_between_the_scheme_and_the_path() -> None:
    for url in ("https://A.example:80/x", "https://a.example:80", "https://a.example:80?x=/y"):
        assert host_of(row(1, "")._replace(request=HttpRequest("GET", url, (), None))) == "a.example:80"
    assert host_of(row(1, "")._replace(request=None)) == ""


def test_rows_of_a_host_start_in_order_and_hosts_take_turns() -> None:
    backlog = Backlog(100)
    for number, host in enumerate(["a", "a", "a", "b", "c", "b"]):
        backlog.add(row(number, host))
    taken = [backlog.take() for _ in range(6)]
    assert [(host, found.id) for host, found in filter(None, taken)] == [
        ("a", 0), ("b", 3), ("c", 4), ("a", 1), ("b", 5), ("a", 2),
    ]  # fmt: skip
    assert backlog.take() is None
    assert len(backlog) == 6
    for host in "abcaba":
        backlog.done(host)
    assert len(backlog) == 0


def test_a_busy_host_leaves_places_for_the_others() -> None:
    backlog = Backlog(100)
    for number in range(500):
        backlog.add(row(number, "slow"))
    started = 0
    while backlog.take() is not None:
        started += 1
    assert started == 75
    for number in range(50):
        backlog.add(row(1_000 + number, "quick"))
    quick = 0
    while (found := backlog.take()) is not None:
        assert found[0] == "quick"
        quick += 1
    assert quick >= 15


@settings(deadline=None)
@given(st.integers(1, 40), st.lists(st.sampled_from("abcdefgh"), max_size=200), st.randoms())
def test_no_call_is_lost_doubled_or_over_the_limit(limit: int, hosts: list[str], random: Random) -> None:
    backlog = Backlog(limit)
    for number, host in enumerate(hosts):
        backlog.add(row(number, host))
    seen: list[int] = []
    running: list[str] = []
    while len(backlog):
        while (found := backlog.take()) is not None:
            seen.append(found[1].id)
            running.append(found[0])
            assert len(running) <= limit
        assert running, "nothing runs and nothing starts"
        backlog.done(running.pop(random.randrange(len(running))))
    assert sorted(seen) == list(range(len(hosts)))


def test_a_long_queue_is_kept_as_ids_and_loaded_when_its_turn_comes() -> None:
    backlog = Backlog(10)
    rows = {n: row(n, "a") for n in range(backlogs.MAX_ROWS_PER_HOST + 700)}
    for one in rows.values():
        backlog.add(one)
    assert len(backlog) == len(rows)
    assert not backlog.wants_parked
    order: list[int] = []
    while len(backlog):
        found = backlog.take()
        assert found is not None
        order.append(found[1].id)
        backlog.done("a")
        if backlog.wants_parked:
            for host, ids in backlog.parked_to_load():
                backlog.unpark(host, ids, [rows[n] for n in ids if n != 1_500])
    assert order == [n for n in rows if n != 1_500]
