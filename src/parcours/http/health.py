"""Whether the server lives, whether it can take records now, and what it has measured."""

import os
from collections.abc import Callable

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import PlainTextResponse, Response

from parcours import __version__
from parcours.access.routing import Routes
from parcours.db import Database
from parcours.http.errors import json_response
from parcours.kit.tally import tallies
from parcours.kit.telemetry import registry
from parcours.log import LogWriter


class Health:
    """What `/health/ready` asks."""

    def __init__(self, db: Database, log: LogWriter, worker_state: Callable[[], str] | None) -> None:
        """worker_state: "ok", or what is wrong with the worker; None where there is none to look after."""
        self._db = db
        self._log = log
        self._worker_state = worker_state
        self.is_stopping = False

    def checks(self) -> dict[str, str]:
        """Each part and "ok", or what is wrong with it."""
        found = {"log": "ok" if self._log.is_healthy else "the last commit failed"}
        self._log.probe()  # after a failure, nobody may send a record that would show that it is over
        try:
            with self._db.read() as connection:
                connection.execute(text("SELECT 1"))
            found["database"] = "ok"
        except SQLAlchemyError as error:
            found["database"] = str(error).splitlines()[0]
        if self._worker_state is not None:
            found["worker"] = self._worker_state()
        if self.is_stopping:
            found["server"] = "stopping"
        return found


def router(health: Health) -> APIRouter:
    """Health and metrics, without authentication."""
    routes = Routes(tags=["Operation"])

    @routes.get("/health/live")
    def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": __version__}

    @routes.get("/health/ready", responses={503: {"description": "Something is wrong; `checks` says what"}})
    def ready() -> Response:
        """Records can be accepted and processed: 200, else 503 with what is wrong."""
        checks = health.checks()
        is_ready = all(value == "ok" for value in checks.values())
        return json_response(
            200 if is_ready else 503, {"status": "ok" if is_ready else "unavailable", "checks": checks}
        )

    @routes.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Prometheus text, of the HTTP process and the worker together."""
        source = registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            source = CollectorRegistry()
            multiprocess.MultiProcessCollector(source)  # type: ignore[no-untyped-call]
        return Response(generate_latest(source) + generate_latest(tallies), media_type=CONTENT_TYPE_LATEST)

    return routes
