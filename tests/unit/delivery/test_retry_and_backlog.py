"""When to try again, and whose turn it is: rules without a clock."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.actions.model import HttpRequest
from parcours.delivery import backlog as backlogs
from parcours.delivery import circuit as circuits
from parcours.delivery.backlog import Backlog, Host, Taken, Wait, host_of
from parcours.delivery.circuit import Circuit
from parcours.delivery.model import Failure, OutboxRow, idempotency_key
from parcours.delivery.retry import delay_s, is_success, read_retry_after
from parcours.journeys.model import ActionOutcome


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


def take(backlog: Backlog, now_s: float = 0.0) -> Taken | None:
    return backlog.take(now_s, lambda host, found: None)


def take_all(backlog: Backlog, now_s: float = 0.0) -> list[Taken]:
    return list(iter(lambda: take(backlog, now_s), None))


def names(taken: list[Taken]) -> list[tuple[str, int]]:
    return [(one.host.name, one.row.id) for one in taken]


def test_rows_of_a_host_start_in_order_and_hosts_take_turns() -> None:
    backlog = Backlog(100)
    for number, host in enumerate(["a", "a", "a", "b", "c", "b"]):
        backlog.add(row(number, host))
    taken = take_all(backlog)
    assert names(taken) == [("a", 0), ("b", 3), ("c", 4), ("a", 1), ("b", 5), ("a", 2)]
    assert len(backlog) == 6
    for one in taken:
        backlog.done(one)
    assert len(backlog) == 0


def test_journeys_that_call_one_host_take_turns() -> None:
    backlog = Backlog(100)
    for number in range(6):
        backlog.add(row(number, "a")._replace(version_uid="busy"))
    backlog.add(row(10, "a")._replace(version_uid="other"))
    assert [one.row.id for one in take_all(backlog)] == [0, 10, 1, 2, 3, 4, 5]


def test_a_host_earns_its_places_by_answering_and_never_takes_all() -> None:
    backlog = Backlog(100)
    for number in range(500):
        backlog.add(row(number, "busy"))
    first = take_all(backlog)
    assert len(first) == backlogs.FIRST_PLACES
    for one in first:
        one.host.note_attempt(0.05, is_answered=True)
        backlog.done(one)
    assert len(take_all(backlog)) == 2 * backlogs.FIRST_PLACES
    host = next(backlog.hosts)
    for _ in range(500):
        host.note_attempt(0.05, is_answered=True)
    take_all(backlog)
    assert host.quick == 75
    for number in range(50):
        backlog.add(row(1_000 + number, "quick"))
    others = take_all(backlog)
    assert {one.host.name for one in others} == {"quick"}
    assert len(others) >= 15


def test_a_host_that_hangs_gives_its_places_back_and_has_no_more_of_them() -> None:
    backlog = Backlog(100, max_slow=20)
    for number in range(200):
        backlog.add(row(number, "hangs"))
    hanging = take_all(backlog)
    assert len(hanging) == 32
    backlog.age(backlogs.SLOW_S / 2)
    assert next(backlog.hosts).quick == 32
    backlog.age(backlogs.SLOW_S)
    host = next(backlog.hosts)
    assert (host.quick, host.slow, host.is_slow) == (12, 20, True)  # as far as the other pool has room
    assert take(backlog, 1.0) is None
    for number in range(200, 300):
        backlog.add(row(number, "quick"))
    assert len(take_all(backlog, 1.0)) == 32
    for one in hanging:
        one.host.note_attempt(30.0, is_answered=False)
        backlog.done(one)
    assert (host.quick, host.slow) == (0, 0)
    assert host.is_slow
    assert len([one for one in take_all(backlog, 31.0) if one.host is host]) == 15  # three quarters of the slow pool
    for _ in range(30):
        host.note_attempt(0.01, is_answered=True)
    assert host.mean_s < backlogs.SLOW_S


def test_a_slow_host_earns_its_places_by_answers_and_loses_them_by_silence() -> None:
    backlog = Backlog(1_000)
    for number in range(1_000):
        backlog.add(row(number, "slow"))
    backlog.add(row(3_000, "quick"))
    now_s, held = 0.0, []
    for _ in range(3):  # each answer comes after two seconds
        calls = [one for one in take_all(backlog, now_s) if one.host.name == "slow"]
        held.append(len(calls))
        now_s += 2.0
        backlog.age(now_s)
        for one in calls:
            one.host.note_attempt(2.0, is_answered=True)
            backlog.done(one)
    assert held == [32, 64, 128]
    host = next(host for host in backlog.hosts if host.name == "slow")
    hanging = take_all(backlog, now_s)
    assert len(hanging) == 256
    for one in hanging:
        host.note_attempt(30.0, is_answered=False)
        backlog.done(one)
    assert len(take_all(backlog, now_s + 30)) == backlogs.FIRST_PLACES


def test_what_must_wait_holds_up_nobody_else() -> None:
    backlog = Backlog(100)
    for number in range(4):
        backlog.add(row(number, "a"), "paced" if number % 2 else None)

    def judge(host: Host, found: OutboxRow) -> Wait | ActionOutcome | None:
        return Wait(0.5) if found.id == 1 else ActionOutcome("capped") if found.id == 2 else None

    first, second, third = (backlog.take(10.0, judge) for _ in range(3))
    assert first is not None
    assert second is not None
    assert (first.row.id, second.row.id, third) == (0, 2, None)
    assert second.outcome is not None  # it holds no place
    assert backlog.in_flight == 1
    assert backlog.next_s == 10.5
    assert backlog.waiting_in("paced") == 2
    assert backlog.take(10.4, judge) is None
    assert [one.row.id for one in take_all(backlog, 10.5)] == [1, 3]


def test_who_waits_for_the_end_of_a_call_is_looked_at_then() -> None:
    backlog = Backlog(100)
    for number in range(2):
        backlog.add(row(number, "a"))
    first = take(backlog)
    assert first is not None
    assert backlog.take(0.0, lambda host, found: Wait(60, is_shortened=True)) is None
    assert take(backlog, 1.0) is None
    backlog.done(first)
    second = take(backlog, 1.0)
    assert second is not None
    assert second.row.id == 1


@settings(deadline=None)
@given(st.integers(1, 40), st.lists(st.sampled_from("abcdefgh"), max_size=200), st.randoms())
def test_no_call_is_lost_doubled_or_over_the_limit(limit: int, hosts: list[str], random: Random) -> None:
    backlog = Backlog(limit)
    for number, host in enumerate(hosts):
        backlog.add(row(number, host)._replace(version_uid=random.choice("vw")))
    seen: list[int] = []
    running: list[Taken] = []
    now_s = 0.0
    while len(backlog):
        now_s += random.random()
        backlog.age(now_s)
        for found in take_all(backlog, now_s):
            seen.append(found.row.id)
            running.append(found)
            assert len(running) <= 2 * limit
        assert running, "nothing runs and nothing starts"
        one = running.pop(random.randrange(len(running)))
        one.host.note_attempt(now_s - one.started_s, is_answered=random.random() < 0.7)
        backlog.done(one)
    assert sorted(seen) == list(range(len(hosts)))


def test_a_long_queue_is_kept_as_ids_and_loaded_when_its_turn_comes() -> None:
    backlog = Backlog(10)
    rows = {n: row(n, "a") for n in range(backlogs.MAX_ROWS_PER_LANE + 700)}
    for one in rows.values():
        backlog.add(one)
    assert len(backlog) == len(rows)
    assert not backlog.wants_parked
    order: list[int] = []
    while len(backlog):
        found = take(backlog)
        assert found is not None
        order.append(found.row.id)
        backlog.done(found)
        if backlog.wants_parked:
            for lane, ids in backlog.parked_to_load():
                backlog.unpark(lane, ids, [rows[n] for n in ids if n != 1_500])
    assert order == [n for n in rows if n != 1_500]


FAILURE = Failure("internalError", "no connection")


def test_a_circuit_opens_after_failures_in_a_row_and_asks_with_one_call_at_a_time() -> None:
    circuit = Circuit()
    for _ in range(circuits.OPENS_AFTER - 1):
        assert not circuit.failed(FAILURE, 100.0, 5)
    circuit.succeeded()
    for _ in range(circuits.OPENS_AFTER - 1):
        assert not circuit.failed(FAILURE, 100.0, 5)
    assert circuit.wait_s(100.0) == 0
    assert circuit.failed(FAILURE, 100.0, 5)
    assert circuit.opened_at_us == 5
    assert circuit.wait_s(100.0) == circuits.FIRST_PAUSE_S
    circuit.failed(FAILURE, 100.5, 6)  # one that was under way
    pause_s, now_s = circuits.FIRST_PAUSE_S, 100.0
    for _ in range(8):
        now_s += pause_s
        assert circuit.wait_s(now_s) == 0
        assert circuit.begin()
        assert circuit.wait_s(now_s) == float("inf")
        circuit.failed(FAILURE, now_s, 7)
        pause_s = min(pause_s * 2, circuits.MAX_PAUSE_S)
        assert circuit.wait_s(now_s) == pause_s
    assert circuit.begin()
    circuit.end_probe()  # given up: another one may follow
    assert circuit.wait_s(now_s + pause_s) == 0
    assert circuit.begin()
    circuit.succeeded()
    assert circuit.opened_at_us is None
    assert not circuit.begin()
    assert circuit.wait_s(now_s) == 0
