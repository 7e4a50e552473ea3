"""The route of SQL over a sandbox's data sets: read only, each query in a process of its own."""

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request

from parcours.access.model import Caller
from parcours.access.routing import BodyInvalid, Gate, Routes, json_object
from parcours.audit import CALL
from parcours.kit.errors import Invalid, ParcoursError, Unavailable
from parcours.kit.helper import HelperAbandoned, Helpers, HelperTooLong
from parcours.kit.telemetry import get_logger

LIMIT_S = 30.0
"""Longest query, in seconds of computing."""
MAX_ROWS = 10_000
DEFAULT_ROWS = 1_000
MAX_SQL = 100_000
log = get_logger("lake")


class LakeQueryRefused(Invalid):
    """A query that can't be run, or that takes too long."""


class LakeUnavailable(Unavailable):
    """A file of the lake is missing or damaged; the log has more, under the request's id."""


class LakeQueryFailed(ParcoursError):
    """The query engine failed; the log says why, under the request's id."""


def log_reason(event: str, reason: str) -> None:
    """Log what a caller is not told, under the id of their request."""
    call = CALL.get()
    log.error(event, request_id=call.request_id if call else "", reason=reason)


def router(gate: Gate, helpers: Helpers) -> APIRouter:
    """One SELECT at a time."""
    routes = Routes(prefix="/parcours", tags=["Data"])

    @routes.post("/query")
    async def query_data_sets(
        request: Request,
        caller: Caller = Depends(gate.allow("datasets.read")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Run one SELECT over the sandbox's data sets: {"sql", "limit"}."""
        sql, limit = body.get("sql"), body.get("limit", DEFAULT_ROWS)
        if not isinstance(sql, str) or not 0 < len(sql) <= MAX_SQL:
            raise BodyInvalid(f"sql is a text of at most {MAX_SQL} characters", "$.sql")
        if type(limit) is not int or not 1 <= limit <= MAX_ROWS:
            raise BodyInvalid(f"limit is a whole number from 1 to {MAX_ROWS}", "$.limit")
        question = orjson.dumps({"scopeId": caller.scope_id, "sql": sql, "limit": limit})

        async def gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        try:
            answer = orjson.loads(await helpers.ask("query", question, LIMIT_S, gone=gone))
        except HelperTooLong:
            raise LakeQueryRefused(f"the query computes longer than {LIMIT_S:g} s", "$.sql") from None
        except HelperAbandoned:
            return {}  # nobody reads it
        if "reason" in answer:
            log_reason("lake.query_failed", answer["reason"])
            raise LakeQueryFailed(answer["fault"])
        if "unreadable" in answer:
            log_reason("lake.unreadable", answer["unreadable"])
            raise LakeUnavailable(answer["fault"])
        if "fault" in answer:
            raise LakeQueryRefused(answer["fault"], "$.sql")
        found: dict[str, Any] = answer["result"]
        return found

    return routes
