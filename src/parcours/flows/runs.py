"""Runs of streaming flows: read from the counters that the worker keeps, with what is still pending."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection

from parcours.access import Caller
from parcours.catalog import store as catalog_store
from parcours.catalog.model import Batch, window_of
from parcours.db import Database
from parcours.flows import store
from parcours.flows.documents import DELETED_FLOW, FLOW
from parcours.flows.errors import FlowRefused
from parcours.flows.listing import ListRequest, envelope, next_link, page_of
from parcours.flows.render import render_run
from parcours.flows.store import Run
from parcours.resources.store import Resource, ResourceStore

PATH = "/runs"
Pending = Callable[[Connection], Mapping[str, int]]
"""How many records of each flow are accepted and not processed yet, as of the connection's snapshot."""

_BY_FLOW = re.compile(r"\s*flowId\s*==?\s*([^=<>!]+)")
_NEWEST_FIRST = frozenset({"", "-createdAt", "-updatedAt"})


class RunService:
    """Reads runs; the worker writes them."""

    def __init__(self, db: Database, resources: ResourceStore, base_url: str) -> None:
        self._db = db
        self._resources = resources
        self._base_url = base_url
        self.pending: Pending = lambda connection: {}
        """Set by what opens the log, for runs know no log."""

    def runs(self, caller: Caller, request: ListRequest) -> dict[str, Any]:
        """A page of runs, newest first unless ordered otherwise. Raises FlowRefused."""
        flow_ids, others = _split(request.filters)
        conditions = [] if flow_ids is None else [store.flow_run_table.c.flow_id.in_(flow_ids)]
        now_ms = time.time_ns() // 1_000_000
        with self._db.read() as connection:
            view = _View(self, connection, caller, now_ms)
            early = [run for run in view.unwritten() if flow_ids is None or run.flow_id in flow_ids]
            if others or request.order_by not in _NEWEST_FIRST:
                runs = early + store.find_runs(connection, caller.scope_id, conditions)
                return page_of(view.rendered(runs), request, PATH)
            if request.is_count:
                return {"count": len(early) + store.count_runs(connection, caller.scope_id, conditions)}
            runs = early[request.start : request.start + request.limit]
            runs += store.find_runs(
                connection,
                caller.scope_id,
                conditions,
                start=max(0, request.start - len(early)),
                limit=request.limit + 1 - len(runs),
            )
            page = view.rendered(runs[: request.limit])
        has_more = len(runs) > request.limit
        link = next_link(request, PATH, request.start + request.limit) if has_more else None
        return envelope(page, link, request.fields)

    def run(self, caller: Caller, run_id: str) -> dict[str, Any]:
        """One run. Raises FlowRefused 1439."""
        now_ms = time.time_ns() // 1_000_000
        with self._db.read() as connection:
            view = _View(self, connection, caller, now_ms)
            found = store.find_runs(connection, caller.scope_id, [store.flow_run_table.c.id == run_id])
            found = found or [run for run in view.unwritten() if run.id == run_id]
            if not found:
                about = {"id": run_id, "type": PATH.strip("/")}
                raise FlowRefused("1439-404", f"no run {run_id!r} in this sandbox", about=about)
            return view.rendered(found)[0]

    def last_runs(
        self, connection: Connection, caller: Caller, flows: Mapping[str, Resource]
    ) -> dict[str, dict[str, Any]]:
        """The newest run of each flow that has one."""
        view = _View(self, connection, caller, time.time_ns() // 1_000_000, flows)
        runs = store.find_last_runs(connection, caller.scope_id, flows)
        runs |= {run.flow_id: run for run in view.unwritten()}
        return {run["flowId"]: run for run in view.rendered(list(runs.values()))}


class _View:
    """Runs within one snapshot."""

    def __init__(
        self,
        service: RunService,
        connection: Connection,
        caller: Caller,
        now_ms: int,
        flows: Mapping[str, Resource] | None = None,
    ) -> None:
        self._connection = connection
        self._caller = caller
        self._now_ms = now_ms
        self._base_url = service._base_url
        if flows is None:
            flows = {f.id: f for f in service._resources.in_scope(connection, caller.scope_id, FLOW)}
        self._flows = flows
        deleted = {f.id for f in service._resources.in_scope(connection, caller.scope_id, DELETED_FLOW)}
        pending = service.pending(connection)
        self._pending = {f: count for f, count in pending.items() if count > 0 and (f in flows or f in deleted)}

    def unwritten(self) -> list[Run]:
        """Runs of the present window that nothing is counted in yet, of flows with pending records."""
        scope_id, window = self._caller.scope_id, window_of(self._now_ms)
        t = store.flow_run_table
        conditions: list[ColumnElement[bool]] = [t.c.window_start_ms == window, t.c.flow_id.in_(list(self._pending))]
        written = (
            {run.flow_id for run in store.find_runs(self._connection, scope_id, conditions)} if self._pending else ()
        )
        return [
            Run(scope_id, flow_id, window, store.run_id(scope_id, flow_id, window))
            for flow_id in sorted(self._pending)
            if flow_id not in written
        ]

    def rendered(self, runs: Sequence[Run]) -> list[dict[str, Any]]:
        """The runs as the API shows them."""
        connection, caller = self._connection, self._caller
        reasons = store.find_reasons(connection, caller.scope_id, runs)
        batches = _batches_of(connection, caller.scope_id, runs)
        present = window_of(self._now_ms)
        return [
            render_run(
                run,
                caller,
                self._flows.get(run.flow_id),
                reasons.get((run.flow_id, run.window_start_ms), ()),
                batches.get((run.flow_id, run.window_start_ms), {}),
                self._pending.get(run.flow_id, 0) if run.window_start_ms == present else 0,
                self._now_ms,
                self._base_url,
            )
            for run in runs
        ]


def _batches_of(connection: Connection, scope_id: int, runs: Sequence[Run]) -> dict[tuple[str, int], dict[bool, Batch]]:
    t = catalog_store.batch_table
    found: dict[tuple[str, int], dict[bool, Batch]] = {}
    if not runs:
        return found
    windows = [run.window_start_ms for run in runs]
    flow_ids = sorted({run.flow_id for run in runs})
    for start in range(0, len(flow_ids), 500):
        conditions = [
            t.c.flow_id.in_(flow_ids[start : start + 500]),
            t.c.window_start_ms >= min(windows),
            t.c.window_start_ms <= max(windows),
        ]
        for batch in catalog_store.find_batches(connection, scope_id, conditions):
            found.setdefault((batch.flow_id, batch.window_start_ms), {})[batch.is_failed] = batch
    return found


def _split(filters: Sequence[str]) -> tuple[set[str] | None, list[str]]:
    """(flow ids that every `flowId==` filter allows, None without one; the other filters)."""
    flow_ids: set[str] | None = None
    others = []
    for text in filters:
        found = _BY_FLOW.fullmatch(text)
        if found is None:
            others.append(text)
        else:
            wanted = {part.strip() for part in found[1].split(",")}
            flow_ids = wanted if flow_ids is None else flow_ids & wanted
    return flow_ids, others
