"""What operators are told: what waits and since when, calls by action, rates, the parts of the server."""

from sqlalchemy import insert

from parcours.app import Platform
from parcours.doctor.operations import Operations
from parcours.doctor.operations_store import rates_of
from parcours.journeys.counter_store import add_counts
from parcours.journeys.counters import Pulse, bucket_of
from parcours.journeys.store import timer_table
from parcours.lake.store import stage

NOW_US = 1_767_225_600_000_000
SCOPE, OTHER = 1, 2


class Stopped:
    """A clock that shows one moment."""

    def now_us(self) -> int:
        return NOW_US


def operations(platform: Platform, **checks: str) -> Operations:
    return Operations(
        platform.db,
        platform.resources,
        platform.journeys.live,
        Stopped(),
        lambda: {"worker": "ok", **checks},
        lambda _: {"elsewhere": 5},
        lambda _: NOW_US // 1_000 - 2_500,
    )


def test_nothing_waits_in_an_empty_sandbox_and_another_ones_backlog_is_the_servers(platform: Platform) -> None:
    found = operations(platform).read(SCOPE)
    assert found["records"]["pending"] == 0
    assert found["server"]["pending"] == {"count": 5, "lateSeconds": 2.5}
    assert (found["server"]["outbox"]["depth"], found["server"]["timers"]["due"]) == (0, 0)
    assert (found["actions"], found["messages"], found["server"]["status"]) == ([], {}, "ok")
    broken = operations(platform, database="disk full").read(SCOPE)["server"]
    assert (broken["status"], broken["checks"]["database"]) == ("unavailable", "disk full")


def test_what_waits_is_told_with_its_age_and_calls_with_their_errors(platform: Platform) -> None:
    rows = {
        (SCOPE, "v", "mail", "call", "ok"): 9, (SCOPE, "v", "mail", "call", "http 500"): 1,
        (SCOPE, "v", "mail", "duration", str(bucket_of(40))): 10, (SCOPE, "v", "sms", "call", "ok"): 3,
        (OTHER, "w", "push", "call", "ok"): 50, (SCOPE, "v", "e", "entered", ""): 60,
    }  # fmt: skip
    timers = [
        {"instance_id": f"i{number}", "node_id": "n", "pass_no": 1, "partition": 0, "kind": "wait",
         "due_at_us": NOW_US + offset_us}
        for number, offset_us in enumerate((-4_000_000, 0, 9_000_000))
    ]  # fmt: skip
    with platform.db.write() as connection:
        add_counts(connection, rows, NOW_US)  # type: ignore[arg-type]
        connection.execute(insert(timer_table), timers)
        stage(connection, SCOPE, "d", [b"{}", b"{}"])
        stage(connection, OTHER, "d", [b"{}"])
    found = operations(platform).read(SCOPE)
    assert found["server"]["timers"] == {"due": 2, "lateSeconds": 4.0}
    assert found["records"]["waitingForLake"]["count"] == 2
    mail, sms = found["actions"]
    assert (mail["name"], mail["calls"], mail["errors"], mail["reasons"]) == ("mail", 10, 1, {"http 500": 1})
    assert 35 <= mail["p95Ms"] <= 45
    assert (sms["name"], sms["calls"], sms["p95Ms"]) == ("sms", 3, None)
    assert found["rates"]["entered"] == 1.0


def test_rates_are_of_one_sandbox() -> None:
    pulses = [Pulse(SCOPE, "v", "", 30, 6, 3, 0, 0, 0), Pulse(SCOPE, "v", "n", 0, 0, 0, 12, 6, 0),
              Pulse(OTHER, "w", "", 900, 0, 0, 0, 0, 0)]  # fmt: skip
    assert rates_of(pulses, SCOPE, 60) == {
        "entered": 0.5, "discarded": 0.1, "failed": 0.05, "calls": 0.2, "callErrors": 0.1,
    }  # fmt: skip
