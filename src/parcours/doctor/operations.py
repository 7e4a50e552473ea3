"""How the server is doing, for a page that operators keep open."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.catalog.documents import DATA_SET_KIND
from parcours.db import Database
from parcours.doctor import operations_store as store
from parcours.flows.documents import FLOW
from parcours.journeys.counter_store import read_pulses
from parcours.journeys.counters import HOUR_US, PULSE_US, percentile
from parcours.journeys.match import LiveJourneys
from parcours.kit.clock import Clock
from parcours.resources.store import Compiled, ResourceStore

_DAY_MS = 86_400_000
_RATE_S = 60


class Operations:
    """Reads what waits, what was done, and what fails. Nothing here writes."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        journeys: Compiled[LiveJourneys],
        clock: Clock,
        checks: Callable[[], Mapping[str, str]],
        pending: Callable[[Connection], Mapping[str, int]],
        oldest_pending_ms: Callable[[Connection], int | None],
    ) -> None:
        """checks: parts of the server, each "ok" or what is wrong with it.

        pending: records accepted and not processed yet, by flow or data set; oldest_pending_ms: when the first of them
        was received.
        """
        self._db = db
        self._resources = resources
        self._journeys = journeys
        self._clock = clock
        self._checks = checks
        self._pending = pending
        self._oldest_pending_ms = oldest_pending_ms

    def read(self, scope_id: int) -> dict[str, Any]:
        """Of one sandbox; `server` is of all of them, for they share one worker."""
        now_us = self._clock.now_us()
        now_ms = now_us // 1_000
        checks = dict(self._checks())
        since_us = (now_us // PULSE_US) * PULSE_US - _RATE_S * 1_000_000
        with self._db.read() as connection:
            pending = dict(self._pending(connection))
            oldest_ms = self._oldest_pending_ms(connection)
            ids = {
                one.id for kind in (FLOW, DATA_SET_KIND) for one in self._resources.in_scope(connection, scope_id, kind)
            }
            outbox, due = store.read_outbox(connection), store.read_due(connection, now_us)
            staged, failed_now = store.read_staged(connection, scope_id), store.count_failed(connection, scope_id)
            landed, failed = store.read_flows(connection, scope_id, now_ms - _DAY_MS)
            calls = store.read_calls(connection, scope_id, now_us // HOUR_US - 1)
            messages = store.read_messages(connection, scope_id, now_ms - 3_600_000)
            pulses = read_pulses(connection, since_us)
            live = self._journeys.current(connection)
        mine = sum(count for key, count in pending.items() if key in ids)
        channels: dict[str, dict[str, int]] = {}
        for channel, status, number in messages:
            channels.setdefault(channel, {})[status] = number
        return {
            "records": {
                "pending": mine,
                "failedAtRest": failed_now,
                "lastDay": {"received": landed + failed + mine, "landed": landed, "failed": failed},
                "waitingForLake": {"count": staged.number, "lateSeconds": _age(staged.oldest, now_ms, 1_000)},
            },
            "rates": store.rates_of(pulses, scope_id, (now_us - since_us) / 1e6),
            "actions": _actions(calls, live),
            "messages": channels,
            "server": {
                "status": "ok" if all(value == "ok" for value in checks.values()) else "unavailable",
                "checks": checks,
                "pending": {"count": sum(pending.values()), "lateSeconds": _age(oldest_ms, now_ms, 1_000)},
                "timers": {"due": due.number, "lateSeconds": _age(due.oldest, now_us, 1_000_000)},
                "outbox": {"depth": outbox.number, "lateSeconds": _age(outbox.oldest, now_us, 1_000_000)},
            },
        }


def _age(since: int | None, now: int, unit: int) -> float:
    """Seconds since a moment, to a tenth; 0 when nothing waits."""
    return 0.0 if not since else round(max(now - since, 0) / unit, 1)


def _actions(rows: list[tuple[str, str, str, str, int]], live: LiveJourneys) -> list[dict[str, Any]]:
    """Calls of the present hour and the one before, by action: those that failed most come first.

    Nodes of versions that run no more are told under their ids.
    """
    calls: dict[tuple[str, str], dict[str, int]] = {}
    times: dict[tuple[str, str], dict[int, int]] = {}
    for version_uid, node_id, what, detail, number in rows:
        journey = live.versions.get(version_uid)
        node = None if journey is None else journey.nodes.get(node_id)
        name = str(getattr(node, "action_name", "") or node_id)
        action = (str(getattr(node, "action_uid", "") or ""), name)
        if what == "call":
            of_action = calls.setdefault(action, {})
            of_action[detail] = of_action.get(detail, 0) + number
        else:
            buckets = times.setdefault(action, {})
            buckets[int(detail)] = buckets.get(int(detail), 0) + number
    found = [
        {
            "actionUid": action[0] or None,
            "name": action[1],
            "calls": sum(outcomes.values()),
            "errors": sum(number for how, number in outcomes.items() if how != "ok"),
            "reasons": {how: number for how, number in sorted(outcomes.items()) if how != "ok"},
            "p50Ms": percentile(times.get(action, {}), 0.5),
            "p95Ms": percentile(times.get(action, {}), 0.95),
        }
        for action, outcomes in calls.items()
    ]
    return sorted(found, key=lambda one: (-one["errors"], -one["calls"], one["name"]))
